"""Answer customers from Slack, and assign who answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cachetools import TTLCache

from bot.aio.clock import Clock
from bot.chakra.models import PhoneNumber
from bot.chakra.text import has_visible_text
from bot.conversations.conversation import Conversation, parse_parent_key
from bot.conversations.history import HistoryReader
from bot.conversations.names import is_called
from bot.conversations.parents import ParentUpdater
from bot.conversations.reader import MessageReader
from bot.conversations.reply_form import ColleagueAnswer
from bot.conversations.repository import Conversations
from bot.conversations.target import ReplyTarget
from bot.conversations.typed_texts import TypedTexts
from bot.conversations.windows import Windows
from bot.customers.customer import KnownCustomer
from bot.customers.opt_out import OptOutScope, describe_opt_out
from bot.customers.opt_outs import OptOuts
from bot.errors import FileUnavailable, NoLongerMeant, UsageError
from bot.messages.replies import TextReplies, TextReply
from bot.messages.send import ClaimResult, Send, SendResult, build_conversation_key
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.slack.client.files import SlackFiles
from bot.slack.client.web_api import MessageRef
from bot.slack.commands.command import UploadedFile
from bot.slack.commands.reply import Message
from bot.webhooks.events import MessageEvent

MAX_LISTED, MAX_SEARCHED = 20, 200
MAX_KNOWN_THREADS = 10_000
THREAD_SECONDS = 3_600.0
REFUSAL_SECONDS = 12 * 3_600.0
"""Seconds during which a member is reminded only once that a thread sends nothing."""
WROTE_SINCE = "They have written since: answer only what they ask for."
OTHER_NUMBER = (
    "This customer's number has changed, so nothing was sent. Check it and send it again."
)
SAME_MOMENT = (
    "A colleague answered this customer at the same moment, so yours wasn't sent. Read theirs in "
    "the thread first."
)
FILE_GONE = "Slack no longer has this file, or doesn't show it to this app. Choose it again."
NO_LONGER_STORED = "This conversation is no longer stored."


class CustomerSource(Protocol):
    """``takes_files`` returns whether the app may read files in Slack.

    Methods raise ``DatabaseUnavailable``.
    """

    async def find(self, customer_id: int, /) -> KnownCustomer | None:
        """Return the customer, also for the ID of a row that was merged into theirs."""
        ...

    async def get(self, ids: Collection[int], /) -> Mapping[int, KnownCustomer]:
        """Return the customers by the requested IDs."""
        ...

    async def find_by_phone(self, digits: str, /) -> KnownCustomer | None:
        """Return the current customer with this number."""
        ...


@dataclass(frozen=True, slots=True)
class Senders:
    """Our numbers: ``list_known`` returns the cached ones, ``get_default_id`` the one to use."""

    list_known: Callable[[], Sequence[PhoneNumber]]
    get_default_id: Callable[[], Awaitable[str]]

    def describe(self, sender_id: str) -> str:
        """Return name and number, "" if they are not known."""
        found = next((each for each in self.list_known() if each.id == sender_id), None)
        if found is None:
            return ""
        return ", ".join(filter(None, (found.name, found.display_phone_number)))


class ConversationService:
    """Methods raise ``DatabaseUnavailable``."""

    def __init__(
        self,
        conversations: Conversations,
        windows: Windows,
        customers: CustomerSource,
        replies: TextReplies,
        outbox: Outbox,
        senders: Senders,
        history: HistoryReader,
        clock: Clock,
        parents: ParentUpdater,
        reader: MessageReader,
        opt_outs: OptOuts,
        typed_texts: TypedTexts,
        slack_files: SlackFiles,
        *,
        takes_files: Callable[[], bool],
    ) -> None:
        self.takes_files = takes_files
        self._typed_texts = typed_texts
        self._slack_files = slack_files
        self._clock = clock
        self.conversations = conversations
        self.customers = customers
        self.replies = replies
        self.history = history
        self.parents = parents
        self.reader = reader
        self._opt_outs = opt_outs
        self._windows = windows
        self._outbox = outbox
        self._senders = senders
        self._threads: TTLCache[tuple[str, str], int] = TTLCache(
            MAX_KNOWN_THREADS, THREAD_SECONDS, timer=clock.monotonic
        )
        self._refused: TTLCache[tuple[int, str], None] = TTLCache(
            MAX_KNOWN_THREADS, REFUSAL_SECONDS, timer=clock.monotonic
        )

    async def get(self, conversation_id: int) -> Conversation:
        """Return a conversation. Raise ``UsageError`` if it is no longer stored."""
        found = await self.conversations.find(conversation_id)
        if found is None:
            raise UsageError(NO_LONGER_STORED)
        return found

    async def list_open(
        self, *, channel: str, assignee: str
    ) -> tuple[list[Conversation], dict[int, KnownCustomer | None]]:
        """Return conversations that are not resolved, and their customers by conversation."""
        found = await self.conversations.list_open(MAX_LISTED, channel=channel, assignee=assignee)
        return found, {each.id: await self.customers.find(each.customer_id) for each in found}

    async def find_by_name(self, typed: str) -> list[KnownCustomer]:
        """Return the customers of recent conversations with this name or username."""
        wanted = typed.removeprefix("@")
        if not has_visible_text(wanted):
            return []
        recent = await self.conversations.list_recent(MAX_SEARCHED)
        known = await self.customers.get({each.customer_id for each in recent})
        return list(
            {
                customer.id: customer
                for customer in known.values()
                if is_called(customer.name, wanted) or is_called(customer.username, wanted)
            }.values()
        )

    async def find_target(self, conversation_id: int, customer_id: int = 0) -> ReplyTarget:
        """Return the customer, of a conversation or without one. Raise ``UsageError``."""
        conversation = await self.get(conversation_id) if conversation_id else None
        customer_id = conversation.customer_id if conversation else customer_id
        customer = await self.customers.find(customer_id)
        if customer is None:
            raise UsageError(NO_LONGER_STORED)
        sender_id = conversation.phone_number_id if conversation else ""
        window = await self._windows.find_last(customer.id, sender_id)
        sender_id = sender_id or (window.phone_number_id if window else "")
        sender_id = sender_id or await self._senders.get_default_id()
        sender = self._senders.describe(sender_id)
        return ReplyTarget(customer, conversation, window, sender_id, sender)

    async def check_allowed(self, target: ReplyTarget) -> str:
        """Return a note to show before an answer, "" for none.

        Raise ``UsageError`` if the customer can't be written to, or wants no more messages and
        hasn't written since.
        """
        target.require_number()
        wrote_at = target.last_wrote_at
        await self._opt_outs.check_reply(target.customer.id, wrote_at, name=target.name)
        for opt_out in await self._opt_outs.find(target.customer.id):
            if opt_out.scope is OptOutScope.ALL:
                return f"{describe_opt_out(opt_out, target.name)} {WROTE_SINCE}"
        return ""

    async def find_thread(self, channel: str, thread_ts: str) -> Conversation | None:
        """Return the conversation whose thread this is; None for any other thread."""
        key = channel, thread_ts
        if key not in self._threads:
            post_key = await self._outbox.find_key(MessageRef(channel, thread_ts))
            self._threads[key] = parse_parent_key(post_key)
        known = self._threads.get(key, 0)
        return await self.conversations.find(known) if known else None

    def note_refusal(self, conversation_id: int, member: str) -> bool:
        """Return whether a member needs the notice that they can't send from this thread."""
        key = conversation_id, member
        is_first = key not in self._refused
        self._refused[key] = None
        return is_first

    def mark_read(self, target: ReplyTarget) -> None:
        """Show the customer that their last message is read and is being answered."""
        if target.window is not None:
            self.replies.mark_read(target.sender_id, target.window.wamid)

    async def send(
        self,
        target: ReplyTarget,
        text: str,
        *,
        file: UploadedFile | None = None,
        interaction: str,
        member: str,
        author: str,
        seen: int = 0,
        quoted_event: int = 0,
        confirmed_duplicate_of: int = 0,
    ) -> tuple[ClaimResult, asyncio.Task[SendResult] | None]:
        """Claim the answer and start sending it; see `TextReplies.start`.

        ``seen`` is the latest send of the conversation that the member has seen: a later one by a
        colleague stops this one.
        """
        key = build_conversation_key(target.conversation_id, interaction)
        reply = TextReply(
            phone=target.customer.phone,
            name=target.customer.name,
            text=text,
            sender_id=target.sender_id,
            sender=target.sender,
            author=author,
            quoted_wamid=await self._find_wamid(quoted_event, target),
            file=file,
        )

        async def check(_: TextReply) -> None:
            await self._check_meant(target, key, seen, member)

        return await self.replies.start(
            reply,
            key=key,
            member=member,
            check=check,
            confirmed_duplicate_of=confirmed_duplicate_of or None,
        )

    async def _check_meant(self, target: ReplyTarget, key: str, seen: int, member: str) -> None:
        """Raise ``NoLongerMeant`` or ``RecipientOptedOut`` if the answer must not be sent any more.

        The number isn't this customer's any more, or a colleague answered in the same moment.
        """
        customer = await self.customers.find(target.customer.id)
        if customer is None or customer.phone != target.customer.phone:
            raise NoLongerMeant(OTHER_NUMBER)
        await self._opt_outs.check_reply(target.customer.id, target.last_wrote_at)
        own = await self.replies.find_existing(key)
        theirs = await self._list_conversation_ids(target)
        if own is not None and await self.replies.find_other_answer(
            theirs, after=seen, member=member, before=own.id
        ):
            raise NoLongerMeant(SAME_MOMENT)

    async def find_other_answer(
        self, target: ReplyTarget, seen: int, member: str
    ) -> ColleagueAnswer | None:
        """Return what a colleague sent to the customer after ``seen``, from any channel."""
        theirs = await self._list_conversation_ids(target)
        found = await self.replies.find_other_answer(theirs, after=seen, member=member)
        return ColleagueAnswer(found, self.replies.read_text(found)) if found else None

    async def find_last_send_id(self, target: ReplyTarget) -> int:
        """Return the ID of the latest send to the customer from a thread, 0 if there is none."""
        theirs = await self._list_conversation_ids(target)
        last = await self.replies.find_other_answer(theirs, after=0, member="")
        return last.id if last else 0

    async def _list_conversation_ids(self, target: ReplyTarget) -> list[int]:
        """Return the customer's conversations in all channels."""
        if not target.customer.id:
            return []
        found = await self.conversations.list_of_customer(target.customer.id)
        return [conversation.id for conversation in found]

    async def load_file(self, file_id: str) -> UploadedFile:
        """Return Slack's data about a file. Raise ``UsageError`` if Slack no longer has it."""
        try:
            found = await self._slack_files.get_info(file_id)
        except FileUnavailable:
            raise UsageError(FILE_GONE) from None
        return UploadedFile(found.id, found.name, found.mimetype, found.size)

    async def store_typed(self, conversation_id: int, ts: str, text: str) -> None:
        """Store a text that is too long for a button."""
        await self._typed_texts.store(conversation_id, ts, text, self._clock.time())

    async def find_typed(self, conversation_id: int, ts: str) -> str:
        """Return a stored text, "" if it is no longer stored."""
        return await self._typed_texts.find(conversation_id, ts)

    async def _find_wamid(self, event_id: int, target: ReplyTarget) -> str:
        """Return Meta's ID of the customer's message; "" if this number can't quote it."""
        recorded = await self.reader.threads.log.find(event_id) if event_id else None
        if recorded is None or recorded.event.phone_number_id not in ("", target.sender_id):
            return ""
        event = recorded.event
        return event.wamid if isinstance(event, MessageEvent) and not event.is_echo else ""

    async def find_sent(self, conversation_id: int, interaction: str) -> Send | None:
        """Return the answer that an interaction has started."""
        return await self.replies.find_existing(
            build_conversation_key(conversation_id, interaction)
        )

    async def post(
        self, conversation: Conversation, key: str, message: Message, member: str
    ) -> None:
        """Post a message into the thread, once for each ``key``."""
        await self._outbox.enqueue(
            OutboxMessage(
                key=f"{conversation.post_key}:{key}",
                channel=conversation.channel,
                message=message,
                member=member,
                thread_key=conversation.post_key,
            )
        )
