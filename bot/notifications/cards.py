"""The cards of events without a presenter of their own: statuses, the account, unknown ones."""

from __future__ import annotations

from collections.abc import Sequence

from bot.messages.report_message import SHOW_SEND
from bot.messages.send import Send
from bot.notifications.facts import FindSends, list_sent_message_ids
from bot.notifications.headlines import Headline, describe, get_event_time
from bot.outbox.message import OutboxMessage
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, markup, mention
from bot.slack.commands.reply import Block, Message
from bot.webhooks.recorded_event import RecordedEvent


class CardPresenter:
    """Presents each event as one card, whose key is that of channel and event."""

    def __init__(self, find_sends: FindSends) -> None:
        self._find_sends = find_sends

    async def present(
        self,
        recorded: RecordedEvent,
        *,
        channel: str,
        member: str,
        takes_replies: bool,  # noqa: ARG002 - cards are not answered
        mentions: Sequence[str],
    ) -> Sequence[OutboxMessage]:
        """Return the card. Raise ``DatabaseUnavailable``."""
        keys = list_sent_message_ids(recorded.event)
        sends = await self._find_sends(keys) if keys else {}
        send = next((sends[key] for key in keys if key in sends), None)
        message = render_event_card(recorded, send, mentions)
        return [OutboxMessage(build_card_key(channel, recorded.id), channel, message, member)]


def build_card_key(channel: str, event_id: int) -> str:
    """Return the outbox's key of an event's card."""
    return f"event:{channel}:{event_id}"


def render_event_card(
    recorded: RecordedEvent, send: Send | None, mentions: Sequence[str] = ()
) -> Message:
    """Return what happened, what it means, and who sent the message in question."""
    headline = describe(recorded.event, send)
    line = prepend_mentions(headline.text, mentions)
    content: list[Block] = [blocks.section(line)]
    if headline.meaning:
        content.append(blocks.section(headline.meaning))
    content.append(blocks.context(_render_footer(recorded, send)))
    if send is not None:
        content.append(blocks.actions(blocks.button("Details", SHOW_SEND, str(send.id))))
    return Message(_render_notification(headline, mentions), tuple(content))


def prepend_mentions(text: Markup, mentions: Sequence[str]) -> Markup:
    """Return the text after mentions of members (``U…``), user groups (``S…``) or "here"."""
    tokens = " ".join(map(_render_mention, mentions))
    return markup(Markup(f"{tokens} "), text) if tokens else text


def _render_mention(target: str) -> str:
    if target == "here":
        return "<!here>"
    return f"<!subteam^{target}>" if target.startswith("S") else mention(target)


def _render_notification(headline: Headline, mentions: Sequence[str]) -> Markup:
    return prepend_mentions(headline.line, mentions)


def _render_footer(recorded: RecordedEvent, send: Send | None) -> Markup:
    at = get_event_time(recorded)
    if send is None:
        return format_date_token(at)
    return markup("Sent by ", mention(send.member), "  ·  ", format_date_token(at))
