"""Upload the files that customers send into their threads, each at most once.

Slack has no idempotency key for uploads: a file is claimed first, and a claimed one is never tried
again. If a process dies in that moment, the message's button still shows the file.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot.aio.clock import Clock
from bot.aio.periodic import FIRST_PURGE_SECONDS, run_periodically
from bot.aio.wake_event import WakeEvent
from bot.conversations.attached_files import AttachedFiles, FileState, WaitingFile
from bot.conversations.conversation import Conversation, build_message_key
from bot.conversations.customer_files import FileLoader, LoadedFile
from bot.conversations.entry import choose_current_shape
from bot.conversations.repository import Conversations
from bot.conversations.thread import Threads
from bot.errors import ChakraError, SlackError
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.privacy import mask_text
from bot.slack import blocks
from bot.slack.blocks import Markup, markup
from bot.slack.client.files import SlackFiles
from bot.slack.client.web_api import SlackClient

POLL_INTERVAL_SECONDS = 15.0
UNPOSTED_INTERVAL_SECONDS = 1.0
"""Seconds until the next look while the message of a file is yet to be posted."""
RETRY_SECONDS = 60.0
GIVE_UP_SECONDS = 3_600.0
"""Seconds after which no more attempts to fetch a file are made; its button remains."""
RETENTION_SECONDS = 30 * 86_400.0
PURGE_INTERVAL_SECONDS = 3_600.0
BATCH_SIZE = 10
COMPLETE = "files.completeUploadExternal"
UNCERTAIN_CODES = ("unreachable", "unreadable", "http_5")
"""After these errors of `COMPLETE` the file may have been shared."""


class FileAttacher:
    """`request` stores what to upload; ``run`` uploads in every process, one file at a time.

    ``may_show`` returns whether customers' words and files may go to a channel now.
    """

    def __init__(
        self,
        attached: AttachedFiles,
        conversations: Conversations,
        threads: Threads,
        files: FileLoader,
        slack: SlackClient,
        outbox: Outbox,
        clock: Clock,
        *,
        can_upload: Callable[[], bool],
        may_show: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._may_show = may_show
        self._attached = attached
        self._conversations = conversations
        self._threads = threads
        self._files = files
        self._slack = slack
        self._slack_files: SlackFiles = slack.files
        self._outbox = outbox
        self._clock = clock
        self._can_upload = can_upload
        self._wake_event = WakeEvent(clock)
        self._next_purge_at = clock.time() + FIRST_PURGE_SECONDS
        self._log = structlog.get_logger("conversations")

    async def request(self, conversation: Conversation, event_id: int) -> None:
        """Upload the file of a message into the thread, once the message is posted.

        Without the scope nothing happens: the message's button says what is missing.
        """
        if not self._can_upload():
            return
        await self._attached.request(conversation.id, event_id, self._clock.time())
        self._wake_event.set()

    async def delete(self, conversation: Conversation, event_id: int) -> None:
        """Delete the uploaded file of a message that the customer deleted."""
        slack_id = await self._attached.find_slack_id(conversation.id, event_id)
        if slack_id:
            await self._delete(slack_id)

    async def _delete(self, slack_id: str) -> None:
        with suppress(SlackError):  # someone in Slack may have deleted it
            await self._slack.call("files.delete", file=slack_id)

    async def run(self) -> None:
        """Upload until cancelled."""
        await run_periodically(
            "file_attacher", self.run_once, POLL_INTERVAL_SECONDS, self._clock, self._wake_event
        )

    async def run_once(self) -> float | None:
        """Upload what is due; return the seconds until more may be."""
        now = self._clock.time()
        waiting = await self._attached.list_waiting(now, BATCH_SIZE)
        done = [await self._attach(file) for file in waiting]
        if not waiting:
            await self._purge_if_due(now)
            return None
        return 0.0 if all(done) else UNPOSTED_INTERVAL_SECONDS

    async def _purge_if_due(self, now: float) -> None:
        if now >= self._next_purge_at:
            self._next_purge_at = now + PURGE_INTERVAL_SECONDS
            await self._attached.purge(now - RETENTION_SECONDS)

    async def _attach(self, waiting: WaitingFile) -> bool:
        """Return whether the file is settled, or will be tried again later."""
        conversation = await self._conversations.find(waiting.conversation_id)
        entry = await self._threads.find_entry(waiting.event_id)
        media = choose_current_shape(entry).media if entry else None
        if conversation is None or media is None:
            await self._attached.finish(waiting.id, FileState.REFUSED)
            return True
        key = build_message_key(conversation.id, waiting.event_id)
        status = await self._outbox.get_status(key)
        parent = await self._outbox.get_status(conversation.post_key)
        if status.error_code or (parent.error_code and parent.ref is None):
            await self._retry(waiting)  # its message may be posted in another thread
            return True
        if status.ref is None or parent.ref is None:
            return False
        if not await self._may_show(conversation.channel):
            await self._attached.release(waiting.id, self._clock.time() + RETRY_SECONDS)
            return True
        if self._outbox.reserve_post(conversation.channel):
            return False
        try:
            loaded = await self._files.load(media)
        except (ChakraError, TimeoutError):
            await self._retry(waiting)
            return True
        if isinstance(loaded, Markup):
            await self._explain(conversation, waiting.event_id, loaded)
            await self._attached.finish(waiting.id, FileState.REFUSED)
        elif await self._attached.claim(waiting.id):
            await self._upload(waiting, parent.ref.channel, parent.ref.ts, loaded)
        return True

    async def _upload(self, waiting: WaitingFile, channel: str, ts: str, file: LoadedFile) -> None:
        name = mask_text(file.name)
        try:
            slack_id = await self._slack_files.upload(channel, name, file.content, thread_ts=ts)
        except SlackError as error:
            self._log.warning("file_not_attached", method=error.method, code=error.code)
            is_uncertain = error.method == COMPLETE and error.code.startswith(UNCERTAIN_CODES)
            if is_uncertain:
                return
            if error.retry_after is not None or error.code.startswith(UNCERTAIN_CODES):
                await self._retry(waiting, error.retry_after)
            else:
                await self._attached.finish(waiting.id, FileState.REFUSED)
        else:
            await self._attached.finish(waiting.id, FileState.ATTACHED, slack_id)
            entry = await self._threads.find_entry(waiting.event_id)
            if entry is not None and entry.is_deleted:  # in that moment
                await self._delete(slack_id)

    async def _retry(self, waiting: WaitingFile, seconds: float | None = None) -> None:
        now = self._clock.time()
        if now - waiting.created_at >= GIVE_UP_SECONDS:
            await self._attached.finish(waiting.id, FileState.REFUSED)
        else:
            await self._attached.release(waiting.id, now + (seconds or RETRY_SECONDS))

    async def _explain(self, conversation: Conversation, event_id: int, reason: Markup) -> None:
        """Post why the file isn't shown, below its message."""
        await self._outbox.enqueue(
            OutboxMessage(
                key=f"{build_message_key(conversation.id, event_id)}:file",
                channel=conversation.channel,
                message=blocks.text_message(markup(":warning: ", reason)),
                member="",
                thread_key=conversation.post_key,
            )
        )
