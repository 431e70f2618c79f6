"""Bring back snoozed conversations, and remind a channel of customers without an answer.

Every replica does this: the keys of the messages are the same, and a row changes only once.
"""

from __future__ import annotations

from bot.aio.clock import Clock
from bot.aio.periodic import run_periodically
from bot.conversations.controls import CLAIM, ConversationButton, render_reply_button
from bot.conversations.conversation import Conversation, build_parent_key
from bot.conversations.reply_report import Refresh
from bot.conversations.repository import Conversations
from bot.outbox.error_policy import LOST_ROOT_CODES
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, markup, mention
from bot.slack.commands.reply import Message

INTERVAL_SECONDS = 15.0
UNANSWERED_SECONDS = 1_800.0
"""Seconds after which a channel is reminded, once: customers expect an answer within the hour."""
BATCH_SIZE = 50


class Reminders:
    def __init__(
        self, conversations: Conversations, outbox: Outbox, clock: Clock, refresh: Refresh
    ) -> None:
        self._conversations = conversations
        self._outbox = outbox
        self._clock = clock
        self._refresh = refresh

    async def run(self) -> None:
        """Check periodically until cancelled."""
        await run_periodically("reminders", self.run_once, INTERVAL_SECONDS, self._clock)

    async def run_once(self) -> float | None:
        """Post what is due; return 0 if there may be more."""
        now = self._clock.time()
        if not await self._conversations.has_due(now, now - UNANSWERED_SECONDS):
            return None
        snoozed = await self._conversations.list_snoozed_until(now, BATCH_SIZE)
        for conversation in snoozed:
            await self._wake(conversation, now)
        unanswered = await self._conversations.list_unanswered(now - UNANSWERED_SECONDS, BATCH_SIZE)
        done = [await self._remind(conversation, now) for conversation in unanswered]
        return 0.0 if BATCH_SIZE in (len(snoozed), sum(done)) else None

    async def _wake(self, conversation: Conversation, now: float) -> None:
        key = f"{conversation.post_key}:woken:{int(conversation.snoozed_until)}"
        await self._post(key, conversation, _render_woken(conversation))
        opened = await self._conversations.wake(conversation, now)
        if opened is not None:
            await self._refresh(opened)

    async def _remind(self, conversation: Conversation, now: float) -> bool:
        """Remind the channel; return whether that is done. A lost thread is started again."""
        key = f"{conversation.post_key}:unanswered:{int(conversation.unanswered_since)}"
        await self._post(key, conversation, _render_reminder(conversation))
        status = await self._outbox.get_status(key)
        if status.is_pending and status.ref is None:
            return False
        new_key = build_parent_key(conversation.id, conversation.last_event_id)
        if status.error_code in LOST_ROOT_CODES and conversation.post_key != new_key:
            renewed = await self._conversations.begin_again(
                conversation.id, conversation.last_event_id
            )
            if renewed is not None:
                await self._refresh(renewed)
            return False
        await self._conversations.mark_reminded(conversation, now)
        return True

    async def _post(self, key: str, conversation: Conversation, message: Message) -> None:
        await self._outbox.enqueue(
            OutboxMessage(
                key=key,
                channel=conversation.channel,
                message=message,
                member=conversation.assignee,
                thread_key=conversation.post_key,
                broadcast=True,
            )
        )


def _render_reminder(conversation: Conversation) -> Message:
    since = format_date_token(conversation.unanswered_since)
    who = markup(mention(conversation.assignee), " ") if conversation.assignee else Markup("")
    sentence = markup(
        Markup(":alarm_clock: "), who, "This customer has waited for an answer since ", since, "."
    )
    return _add_buttons(sentence, conversation)


def _render_woken(conversation: Conversation) -> Message:
    who = markup(mention(conversation.assignee), " ") if conversation.assignee else Markup("")
    sentence = markup(Markup(":alarm_clock: "), who, "This conversation was snoozed until now.")
    return _add_buttons(sentence, conversation)


def _add_buttons(sentence: Markup, conversation: Conversation) -> Message:
    buttons = [render_reply_button(conversation.id)] if conversation.takes_replies else []
    if not conversation.assignee:
        value = ConversationButton(conversation=conversation.id).to_value()
        buttons.append(blocks.button("Claim", CLAIM, value))
    row = [blocks.actions(*buttons)] if buttons else []
    return Message(sentence, (blocks.section(sentence), *row))
