"""Send the file of an export to the member, once.

The file is uploaded as a stream, then claimed, then posted. Slack has no idempotency key: if a
process dies between the claim and Slack's answer, or the answer is lost, the direct messages are
searched for the file before anything is posted again.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from bot.aio.clock import Clock, sleep
from bot.errors import MISSING_SCOPE, UNTRUSTED_URL, SlackError
from bot.exports.export import Export, ExportQuery, ExportState
from bot.exports.message import render_file_comment
from bot.exports.repository import Exports
from bot.exports.rows import assemble_header, assemble_lines, build_header, measure_file_length
from bot.outbox.error_policy import Disposition, classify_error
from bot.outbox.history_search import MAX_CALL_SECONDS, MAX_CLOCK_SKEW_SECONDS, MAX_PAGES
from bot.outbox.outbox import Outbox
from bot.privacy import mask_text
from bot.slack.client.files import COMPLETE_UPLOAD
from bot.slack.client.web_api import SlackClient
from bot.slack.copy.explain import Explainer

MAX_POST_WAIT_SECONDS: Final = 5.0
"""The longest that a run waits for its turn to post to the member."""
RETRY_SECONDS: Final = 10.0
CANNOT_VERIFY: Final = (
    "Slack didn't confirm that the file was posted, and this app can't look. If it isn't below, "
    "press Continue."
)

NO_FILES: Final = "Your Slack workspace doesn't allow this file. Ask a workspace admin."
NO_MESSAGES: Final = "Slack doesn't let this app send you messages. Ask a workspace admin."
REFUSALS: Final[Mapping[str, str]] = {
    "file_upload_size_restricted": (
        "Your Slack workspace doesn't allow files of this size. Try a narrower query, or ask a "
        "workspace admin."
    ),
    "file_uploads_disabled": NO_FILES,
    "file_uploads_except_images_disabled": NO_FILES,
    "file_type_not_allowed": NO_FILES,
    "http_413": "Slack doesn't accept files of this size. Try a narrower query.",
    **dict.fromkeys(
        ("channel_not_found", "not_in_channel", "posting_to_channel_denied", "user_disabled"),
        NO_MESSAGES,
    ),
}
"""Codes for what a workspace forbids.
docs.slack.dev/reference/methods/files.getUploadURLExternal"""
EXPLAINED: Final = frozenset({MISSING_SCOPE, UNTRUSTED_URL})
"""Codes whose usual sentences also fit a file."""
MAX_KIND_LENGTH: Final = 60


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """``problem``: why it failed. ``retry_after``: seconds until it is continued.

    ``is_failure``: Slack didn't respond properly, because of ``reason``. With none of them it
    ended.
    """

    problem: str = ""
    retry_after: float | None = None
    is_failure: bool = False
    reason: str = ""


class _LinesGone(Exception):
    """The lines were deleted while they were being sent: the export was cancelled."""


class FileDelivery:
    """Methods raise ``DatabaseUnavailable``. ``can_upload``: the app has the scope for it."""

    def __init__(
        self,
        exports: Exports,
        slack: SlackClient,
        outbox: Outbox,
        clock: Clock,
        *,
        can_upload: Callable[[], bool],
    ) -> None:
        self._exports = exports
        self._slack = slack
        self._outbox = outbox
        self._clock = clock
        self.can_upload = can_upload
        self._log = structlog.get_logger("exports")

    async def deliver(self, export: Export) -> DeliveryOutcome:
        """Post the file of a finished reading, unless it is already posted."""
        if export.state is ExportState.SHARING:
            return await self._check_posted(export)
        assert export.query is not None  # noqa: S101 - the exporter has checked it
        name = build_file_name(export, export.query)
        try:
            file_id = await self._store(export, export.query, name)
        except SlackError as error:
            current = await self._exports.get(export.id)
            if current is None or current.state is not ExportState.UPLOADING:
                return DeliveryOutcome()
            return self._handle_error(error)
        wait = self._outbox.reserve_post(export.member)
        while 0 < wait <= MAX_POST_WAIT_SECONDS:
            await sleep(self._clock, wait)
            wait = self._outbox.reserve_post(export.member)
        if wait > 0:
            return DeliveryOutcome(retry_after=wait)
        if not await self._exports.claim_sharing(export, file_id, self._clock.time()):
            return DeliveryOutcome()
        try:
            await self._slack.files.share(
                export.member, file_id, title=name, comment=render_file_comment(export)
            )
        except SlackError as error:
            if _may_be_posted(error):
                self._log.warning("file_unconfirmed", export=export.id, code=error.code)
                return DeliveryOutcome(retry_after=MAX_CALL_SECONDS)
            await self._exports.release_sharing(export)
            return self._handle_error(error)
        await self._exports.finish(export, ExportState.DONE, self._clock.time())
        return DeliveryOutcome()

    async def _check_posted(self, export: Export) -> DeliveryOutcome:
        """Find out whether the file was posted, once no call to post it can still be in flight."""
        left = export.shared_at + MAX_CALL_SECONDS - self._clock.time()
        if 0 < left <= MAX_CALL_SECONDS:
            return DeliveryOutcome(retry_after=left)
        try:
            is_posted = await self._is_posted(export)
        except SlackError as error:
            if error.retryable or error.retry_after is not None or error.is_unconfirmed:
                return self._handle_error(error)
            return DeliveryOutcome(problem=CANNOT_VERIFY)
        if is_posted:
            await self._exports.finish(export, ExportState.DONE, self._clock.time())
            return DeliveryOutcome()
        await self._exports.release_sharing(export)
        return DeliveryOutcome(retry_after=0.0)

    async def _is_posted(self, export: Export) -> bool:
        """Return whether the direct messages have the file. Raise ``SlackError``."""
        channel = await self._slack.open_direct_messages(export.member)
        cursor = ""
        for _ in range(MAX_PAGES):
            messages, cursor = await self._slack.fetch_history(
                channel, oldest=export.shared_at - MAX_CLOCK_SKEW_SECONDS, cursor=cursor
            )
            for message in messages:
                files = message.get("files")
                for file in files if isinstance(files, list) else ():
                    if isinstance(file, dict) and file.get("id") == export.file_id:
                        return True
            if not cursor:
                return False
        raise SlackError("conversations.history", "uncertain")

    async def _store(self, export: Export, query: ExportQuery, name: str) -> str:
        """Upload the file, a page of lines at a time; return Slack's ID. Raise ``SlackError``."""
        found = export.progress.found
        header = build_header(query.layout, found)
        width = _count_columns(export, query)
        length = measure_file_length(
            header,
            width,
            export.row_count,
            export.progress.byte_count,
            export.progress.cell_count,
        )
        content = self._iter_content(export, header, width)
        return await self._slack.files.store(name, length, content, slow=True)

    async def _iter_content(self, export: Export, header: str, width: int) -> AsyncIterator[bytes]:
        yield assemble_header(header)
        for number in range(export.chunk_count):
            chunk = await self._exports.load_chunk(export.id, number)
            if chunk is None:
                raise _LinesGone
            yield assemble_lines(chunk.lines, chunk.width, width)

    def _handle_error(self, error: SlackError) -> DeliveryOutcome:
        self._log.warning("file_not_sent", method=error.method, code=error.code)
        if error.code in REFUSALS:
            return DeliveryOutcome(problem=REFUSALS[error.code])
        reason = mask_text(Explainer().explain_as_text(error))
        if error.retryable or error.retry_after is not None or error.code == "unreachable":
            seconds = error.retry_after or RETRY_SECONDS
            return DeliveryOutcome(retry_after=seconds, is_failure=True, reason=reason)
        if error.code not in EXPLAINED:
            reason = f"Slack didn't accept the file ({mask_text(error.code)}). Contact your admin."
        return DeliveryOutcome(problem=reason)


def _may_be_posted(error: SlackError) -> bool:
    """Return whether Slack may have posted the file, as it may after an internal_error."""
    return error.method == COMPLETE_UPLOAD and classify_error(error) is Disposition.UNCERTAIN


def build_file_name(export: Export, query: ExportQuery) -> str:
    """Return the file name, with the time of the request."""
    kind = re.sub(r"[^\w-]+", "-", query.plural.casefold()).strip("-")[:MAX_KIND_LENGTH]
    moment = datetime.fromtimestamp(export.started_at, query.zone)
    return f"{kind or 'records'}-{moment:%Y-%m-%d-%H%M}.csv"


def _count_columns(export: Export, query: ExportQuery) -> int:
    return query.layout.fixed_count + len(export.progress.found)
