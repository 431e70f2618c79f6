"""An answer from Slack as a message in its thread, with the status that WhatsApp reports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.conversations.controls import render_reply_button
from bot.conversations.conversation import Conversation
from bot.conversations.repository import Conversations
from bot.conversations.thread import Threads
from bot.customers.customer import KnownCustomer
from bot.messages import report_message as report
from bot.messages.details import SendDetails
from bot.messages.send import Send
from bot.messages.status import REACHED, SendStatus
from bot.outbox.message import OutboxMessage
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup, mention
from bot.slack.commands.reply import Block, Message
from bot.templates import vocabulary
from bot.templates.preview import to_mrkdwn
from bot.text.phones import normalize_number
from bot.webhooks.events import MessageEvent

MAX_ECHOES = 50
MAX_TEXT_LENGTH = 2_000
"""Characters of the answer; Slack's limit for one section is 3,000."""
UNSURE = (SendStatus.FAILED, SendStatus.UNKNOWN)

Refresh = Callable[[Conversation], Awaitable[None]]
"""Update the message that begins the thread."""


class ReplyReports:
    """Reports each answer in its thread; see `bot.messages.reporter.ReportReply`."""

    def __init__(self, conversations: Conversations, threads: Threads, refresh: Refresh) -> None:
        self._conversations = conversations
        self._threads = threads
        self._refresh = refresh

    async def report(self, send: Send, details: SendDetails | None) -> Sequence[OutboxMessage]:
        """Return the messages; none if the conversation is no longer stored.

        Also none for a template that went to someone other than the conversation's customer.
        """
        conversation = await self._conversations.find(send.conversation_id)
        if conversation is None or details is None:
            return ()
        customer = await self._threads.get_customer(conversation.customer_id)
        if not send.is_reply and not is_number_of(customer, details.to):
            return ()
        for changed in await self._note_outcome(conversation, send):
            await self._refresh(changed)
        shown = OutboxMessage(
            key=send.key,
            channel=conversation.channel,
            message=render_reply(send, details),
            member=send.member,
            thread_key=conversation.post_key,
            urgent=send.status.is_final,
        )
        if not (send.has_failure_notice and send.is_reply):
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

    async def _note_outcome(self, conversation: Conversation, send: Send) -> list[Conversation]:
        """Record that the customer is answered, or that they are still waiting.

        Return the conversations that changed: an answer counts in all channels.
        """
        if send.status in REACHED:
            theirs = await self._conversations.list_of_customer(conversation.customer_id)
            answered = [
                await self._conversations.record_answer(each.id, send.started_at) for each in theirs
            ]
            return [each for each in answered if each is not None]
        if send.status is not SendStatus.FAILED:
            return []
        since = conversation.last_message_at
        for recorded in await self._threads.log.list_of_customer(
            conversation.customer_id, MAX_ECHOES, ()
        ):
            event = recorded.event
            if not isinstance(event, MessageEvent) or not event.is_echo:
                continue
            if event.occurred_at >= since and event.wamid != send.wamid:
                return []  # someone answered from the phone app
        waiting = await self._conversations.mark_unanswered(
            conversation.id, send.id, send.started_at
        )
        return [waiting] if waiting is not None else []


def is_number_of(customer: KnownCustomer, recipient: str) -> bool:
    """Return whether a send to this recipient went to the customer, by a number of theirs."""
    if not recipient.startswith("+"):
        return False
    numbers = (customer.phone, *customer.former)
    return normalize_number(recipient.removeprefix("+")) in {
        normalize_number(each) for each in numbers if each
    }


def render_reply(send: Send, details: SendDetails) -> Message:
    """Return the answer with its status; a failure mentions its author, who must know about it."""
    is_unsure = send.status in UNSURE
    author = mention(send.member) if is_unsure else bold(details.author or "Answer")
    said = lines([author, *_quote_reply(send, details)])
    status = markup(report.render_headline_emoji(send), bold(report.render_status_label(send)))
    content: list[Block] = [
        blocks.section(said),
        blocks.context(markup(status, " · ", report.describe_times(send))),
    ]
    if is_unsure:
        content += [blocks.section(line) for line in report.render_advice(send)]
        content.append(blocks.actions(render_reply_button(send.conversation_id)))
    words = blocks.clip(details.text, 150) if send.is_reply else f"template {send.template}"
    return Message(markup(author, ": ", words), tuple(content))


def _quote_reply(send: Send, details: SendDetails) -> list[Markup]:
    """Return the answer's text; of a template only its name: its values may be a code."""
    if not send.is_reply:
        language = vocabulary.format_language_name(send.language)
        return [markup(Markup("> Template "), bold(send.template), ", ", language)]
    text = to_mrkdwn(blocks.clip(details.text, MAX_TEXT_LENGTH))
    return [Markup(f"> {line}") for line in text.splitlines()]


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
    advice = [blocks.section(line) for line in report.render_advice(send)]
    buttons = blocks.actions(render_reply_button(conversation_id))
    return Message(sentence, (blocks.section(sentence), *advice, buttons))
