"""An answer from Slack as a message in its thread, with what WhatsApp reports of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.conversations.controls import reply_button
from bot.conversations.conversation import Conversation
from bot.conversations.repository import Conversations
from bot.messages import report_message as report
from bot.messages.details import SendDetails
from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.outbox.message import OutboxMessage
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup, mention
from bot.slack.commands.reply import Block, Message
from bot.templates.preview import to_mrkdwn

REPLY_PREFIX = "reply"
MAX_TEXT_LENGTH = 2_000
"""Characters of the answer; Slack's limit for one section is 3,000."""
UNSURE = (SendStatus.FAILED, SendStatus.UNKNOWN)
REACHED = (SendStatus.ACCEPTED, SendStatus.SENT, SendStatus.DELIVERED, SendStatus.READ)

Refresh = Callable[[Conversation], Awaitable[None]]
"""Update the message that begins the thread."""


def reply_key(conversation_id: int, interaction: str) -> str:
    """Return the key of a send that answers in a conversation."""
    return f"{REPLY_PREFIX}:{conversation_id}:{interaction}"


def parse_reply_key(key: str) -> int:
    """Return the ID of the conversation that a send belongs to, 0 if it belongs to none."""
    prefix, _, rest = key.partition(":")
    number = rest.partition(":")[0]
    return int(number) if prefix == REPLY_PREFIX and number.isdecimal() else 0


class ReplyReports:
    """Reports each answer in its thread; see `bot.messages.reporter.ReportReply`."""

    def __init__(self, conversations: Conversations, refresh: Refresh) -> None:
        self._conversations = conversations
        self._refresh = refresh

    async def report(self, send: Send, details: SendDetails | None) -> Sequence[OutboxMessage]:
        """Return the messages, none if the conversation is no longer stored."""
        conversation = await self._conversations.find(parse_reply_key(send.key))
        if conversation is None or details is None:
            return ()
        if send.status in REACHED:
            answered = await self._conversations.answer(conversation.id, send.started_at)
            if answered is not None:
                await self._refresh(answered)
        shown = OutboxMessage(
            key=send.key,
            channel=conversation.channel,
            message=render_reply(send, details),
            member=send.member,
            thread_key=conversation.post_key,
            urgent=send.status.is_final,
        )
        if not send.has_failure_notice:
            return (shown,)
        notice = OutboxMessage(
            key=f"{send.key}:failed",
            channel=conversation.channel,
            message=render_failure_notice(send, conversation.id),
            member=send.member,
            thread_key=conversation.post_key,
            urgent=True,
        )
        return (shown, notice)


def render_reply(send: Send, details: SendDetails) -> Message:
    """Return the answer with its status; a failure mentions its author, who must know of it."""
    is_unsure = send.status in UNSURE
    author = mention(send.member) if is_unsure else bold(details.author or "Answer")
    text = to_mrkdwn(blocks.clip(details.text, MAX_TEXT_LENGTH))
    said = lines([author, *(Markup(f"> {line}") for line in text.splitlines())])
    status = markup(report.headline_emoji(send), bold(report.status_label(send)))
    content: list[Block] = [
        blocks.section(said),
        blocks.context(markup(status, " · ", report.describe_times(send))),
    ]
    if is_unsure:
        content += [blocks.section(line) for line in report.advice(send)]
        content.append(blocks.actions(reply_button(parse_reply_key(send.key))))
    summary = markup(author, ": ", blocks.clip(details.text, 150))
    return Message(summary, tuple(content))


def render_failure_notice(send: Send, conversation_id: int) -> Message:
    """Return the message that notifies the author of a failure, or of a delivery after one."""
    if send.status is not SendStatus.FAILED:
        sentence = markup(
            mention(send.member), " your answer was delivered after all. Don't send it again."
        )
        return Message(sentence, (blocks.section(sentence),))
    sentence = markup(
        Markup(":x: "), mention(send.member), " your answer didn't reach the customer."
    )
    advice = [blocks.section(line) for line in report.advice(send)]
    buttons = blocks.actions(reply_button(conversation_id))
    return Message(sentence, (blocks.section(sentence), *advice, buttons))
