"""The card of a template event: what changed, what that costs or stops, who used it recently."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.aio.clock import Clock
from bot.chakra.template import Template
from bot.errors import BotError
from bot.notifications.cards import build_card_key, prepend_mentions
from bot.notifications.headlines import get_event_time
from bot.outbox.message import OutboxMessage
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, markup
from bot.slack.commands.reply import Block, Message
from bot.templates import card, editor, vocabulary
from bot.templates.catalog import TemplateCatalog
from bot.templates.draft import is_editable
from bot.templates.event_copy import IN_REVIEW, TemplateNews, describe_event
from bot.webhooks.events import TemplateEvent
from bot.webhooks.fields import find_first_text
from bot.webhooks.recorded_event import RecordedEvent

USAGE_SECONDS = 30 * 86_400.0
OWN_ACTION_SECONDS = 900.0
"""Seconds after a submission from Slack during which its own review isn't news."""
MAX_NAMED_MEMBERS = 5

CountSends = Callable[[str, str, float], Awaitable[Sequence[tuple[str, int]]]]
"""Return the members who have sent a template in a language since then, and how often."""


class PastWrite(Protocol):
    """The part of a write to Chakra that is used here."""

    @property
    def member(self) -> str: ...
    @property
    def started_at(self) -> float: ...


FindWrite = Callable[[Collection[str]], Awaitable[PastWrite | None]]
NameMember = Callable[[str], Awaitable[str]]
"""Return a member's name, which doesn't notify anyone."""


@dataclass(frozen=True, slots=True)
class TemplatePresenter:
    """Presents the events of templates."""

    catalog: TemplateCatalog
    count_sends: CountSends
    find_write: FindWrite
    name_member: NameMember
    clock: Clock

    async def present(
        self,
        recorded: RecordedEvent,
        *,
        channel: str,
        member: str,
        takes_replies: bool,  # noqa: ARG002 - cards are not answered
        mentions: Sequence[str],
    ) -> Sequence[OutboxMessage]:
        """Return the card; none for the review of what was just submitted from Slack.

        Raise ``DatabaseUnavailable``.
        """
        event = recorded.event
        if not isinstance(event, TemplateEvent):
            return ()
        known = await self._find_template(event)
        name, language = event.name, event.language
        write = await self.find_write(
            (f"template:{event.template_id}", f"template:{name}:{language}")
        )
        at = get_event_time(recorded)
        is_review = find_first_text(event.raw, "event").upper() == IN_REVIEW
        if is_review and write and abs(at - write.started_at) < OWN_ACTION_SECONDS:
            return ()
        news = describe_event(event, known, self.catalog.get_before(event))
        footer = [format_date_token(at)]
        if write is not None:
            by = await self.name_member(write.member)
            footer.append(markup("last changed from Slack by ", by))
        usage = await self._describe_usage(name, language) if news.is_harmful else None
        message = render_template_card(event, news, known, usage, footer, mentions)
        return [OutboxMessage(build_card_key(channel, recorded.id), channel, message, member)]

    async def _find_template(self, event: TemplateEvent) -> Template | None:
        """Return the template from the list, loaded again if the event says too little."""
        says_enough = any(
            find_first_text(event.raw, name) for name in ("correct_category", "previous_category")
        )
        refresh = event.kind == "category" and not says_enough
        try:
            if refresh:
                return (await self.catalog.get_template(event.template_id, refresh=True)).value
            return await self.catalog.get_last_known(event.template_id)
        except BotError:
            return None

    async def _describe_usage(self, template: str, language: str) -> Markup:
        counts = await self.count_sends(template, language, self.clock.time() - USAGE_SECONDS)
        if not counts:
            return markup("Not sent from Slack in the last 30 days.")
        total = sum(count for _, count in counts)
        named = [
            f"{await self.name_member(member)} {count:,}"
            for member, count in counts[:MAX_NAMED_MEMBERS]
        ]
        if len(counts) > MAX_NAMED_MEMBERS:
            named.append(f"{len(counts) - MAX_NAMED_MEMBERS} others")
        times = "once" if total == 1 else f"{total:,} times"
        return markup(
            bold(f"Sent {times}"), " from Slack in the last 30 days: ", ", ".join(named), "."
        )


def render_template_card(
    event: TemplateEvent,
    news: TemplateNews,
    known: Template | None,
    usage: Markup | None,
    footer: Sequence[Markup],
    mentions: Sequence[str] = (),
) -> Message:
    """Return the message. ``usage`` is who sent the template recently, ``footer`` the last line."""
    name = event.name or (known.name if known else "") or event.template_id or "without a name"
    language = vocabulary.format_language_name(event.language or (known.language if known else ""))
    line = markup(Markup(f"{news.emoji} "), "Template ", bold(name), f" ({language}) ", news.what)
    content: list[Block] = [blocks.section(prepend_mentions(line, mentions))]
    content.append(blocks.section(news.meaning))
    content += [blocks.section(detail) for detail in news.details]
    if usage is not None:
        content.append(blocks.section(usage))
    content.append(blocks.context(Markup("  ·  ".join(footer))))
    if event.template_id:
        buttons = [blocks.button("Show template", card.SHOW, event.template_id)]
        if known is not None and is_editable(known):
            buttons.append(blocks.button("Edit", editor.EDIT, event.template_id))
        content.append(blocks.actions(*buttons))
    text = markup("Template ", name, f" ({language}) ", news.what)
    return Message(prepend_mentions(text, mentions), tuple(content))
