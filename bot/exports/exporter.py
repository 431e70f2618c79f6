"""Exports of queries: pages are read in a chain of short runs, then the file is sent to the member.

The progress is stored with the lines of each page, so any process continues where another one died.
The file is posted once: see ``delivery.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import structlog

from bot.aio.clock import Clock, sleep
from bot.chakra.process import Process
from bot.chakra.processes import ProcessesApi, ProcessPage
from bot.durable.runs import Reschedule, RunState
from bot.durable.workspace_engine import WorkspaceEngine
from bot.errors import (
    MISSING_SCOPE,
    ChakraError,
    DatabaseUnavailable,
    InvalidResponse,
    SlackError,
)
from bot.exports.delivery import CANNOT_VERIFY, FileDelivery
from bot.exports.export import Chunk, Export, ExportProgress, ExportQuery, ExportState, NewExport
from bot.exports.message import render_failed, render_progress, render_title
from bot.exports.paging import PAGE_SIZE, Ending, advance
from bot.exports.repository import Exports
from bot.exports.rows import build_rows
from bot.exports.seen_records import SeenRecords, digest_id
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.privacy import mask_text
from bot.ratelimit import SharedRateLimiter
from bot.slack import blocks
from bot.slack.blocks import markup
from bot.slack.commands.permissions import AccessDecision, Permission
from bot.slack.copy.explain import Explainer

EXPORT_WORKFLOW: Final = "export"
MAX_REQUESTS_PER_SECOND: Final = 10.0
"""Pages per second that all exports of all replicas request together."""
MAX_ACTIVE_PER_MEMBER: Final = 2
MAX_REMEMBERED: Final = 8
"""Exports whose seen records are in memory; those of others are loaded for each run."""
RUN_SECONDS: Final = 20.0
"""Seconds of one run, so that exports take turns if there are more than slots."""
PROGRESS_SECONDS: Final = 3.0
"""Seconds between two versions of the progress; Slack allows no more edits of a message."""
RETRY_DELAY_SECONDS: Final = 5.0
MAX_RETRY_DELAY_SECONDS: Final = 60.0
RETRY_TIMEOUT_SECONDS: Final = 900.0
"""Seconds for which one page is retried while Chakra is busy or unreachable."""
MAX_INVALID_RESPONSES: Final = 3
"""Unparseable responses in a row that end an export."""
MAX_LINE_BYTES: Final = 900_000_000
"""Slack allows files of 1 GB; the padding of the lines counts. slack.com/help/articles/201330736"""
CHUNK_RETENTION_SECONDS: Final = 86_400.0
RETENTION_SECONDS: Final = 7 * 86_400.0
UPLOAD_SCOPE: Final = "files:write"
FAILURES, GIVE_UP_AT = "failures", "give_up_at"
"""Keys in the run's state."""
NO_RECORDS: Final = "Chakra said that there are records but sent none."
UNVERIFIED: Final = "We couldn't check with Slack whether you may get the file."
NOT_ALLOWED: Final = "The file is for people who may send, and you no longer may."
BROKEN: Final = "Something in this app failed. If it happens again, contact your admin."
UNREADABLE: Final = (
    "This app's access token for Chakra was replaced, so what was read can't be used. Start it "
    "again from the list."
)


CheckAccess = Callable[[str], Awaitable[AccessDecision]]


class Exporter:
    """Starts, reads and ends exports. Methods raise ``DatabaseUnavailable``.

    ``check_access`` returns what a member may do at this moment.
    """

    def __init__(
        self,
        exports: Exports,
        processes: ProcessesApi,
        delivery: FileDelivery,
        outbox: Outbox,
        rate_limiter: SharedRateLimiter,
        check_access: CheckAccess,
        clock: Clock,
        engine: WorkspaceEngine,
    ) -> None:
        self.exports = exports
        self._processes = processes
        self._delivery = delivery
        self._outbox = outbox
        self._rate_limiter = rate_limiter
        self._check_access = check_access
        self._clock = clock
        self._engine = engine
        self._seen: dict[int, tuple[int, SeenRecords]] = {}
        """The records of the exports that are read here, and the number of their chunks."""
        self._log = structlog.get_logger("exports")

    # --- what a member does -----------------------------------------------------------------------

    async def start(self, new: NewExport) -> tuple[Export | None, bool]:
        """Start an export; return it and whether it is new, None if the member has too many.

        Raise ``SlackError`` if the app may not upload files.
        """
        if not self._delivery.can_upload():
            raise SlackError("files.getUploadURLExternal", MISSING_SCOPE, needed_scope=UPLOAD_SCOPE)
        export, is_new = await self.exports.create(new, self._clock.time(), MAX_ACTIVE_PER_MEMBER)
        if export is not None:
            await self._show(export)
            await self._engine.start(EXPORT_WORKFLOW, _build_workflow_key(export))
        return export, is_new

    async def cancel(self, export_id: int, member: str) -> Export | None:
        """Cancel a member's export; return its current state: it may be too late."""
        export = await self.exports.cancel(export_id, member, self._clock.time())
        if export is not None and export.state is ExportState.CANCELLED:
            self._seen.pop(export_id, None)
            await self.exports.delete_chunks(export_id)
            await self._show(export)
            await self._settle_failed(export, export.attempt, "Cancelled.")
        return export

    async def resume(self, export_id: int, member: str) -> Export | None:
        """Continue a member's failed export; return its current state."""
        export = await self.exports.resume(export_id, member)
        if export is not None and export.state.is_active:
            self._seen.pop(export_id, None)
            await self._show(export)
            await self._settle_failed(export, export.attempt - 1, "Continued.")
            await self._engine.start(EXPORT_WORKFLOW, _build_workflow_key(export))
        return export

    async def _settle_failed(self, export: Export, attempt: int, text: str) -> None:
        """Replace the message about a failure, with its buttons, if there is one."""
        key = _build_failed_key(export.id, attempt)
        if (await self._outbox.get_status(key)).is_known:
            message = blocks.text_message(markup(render_title(export), ": ", text))
            await self._outbox.enqueue(OutboxMessage(key, export.member, message, export.member))

    # --- the chain --------------------------------------------------------------------------------

    async def list_active_keys(self) -> list[str]:
        """Return the keys of all chains that must be alive."""
        return [f"{number}:{attempt}" for number, attempt in await self.exports.list_active()]

    async def purge(self) -> None:
        """Delete the lines of failed exports that weren't continued, and old exports."""
        now = self._clock.time()
        await self.exports.purge(now - CHUNK_RETENTION_SECONDS, now - RETENTION_SECONDS)

    async def run(self, key: str, state: RunState) -> Reschedule | None:
        """Read pages for a while, or send the file; return when to continue.

        A run that starts while another one of the same export executes (a replica wrongly presumed
        dead) records no page twice, and doesn't post a second file.
        """
        export_id, attempt = (int(part) for part in key.split(":"))
        export = await self.exports.get(export_id)
        if export is None or export.attempt != attempt:
            return None
        try:
            following = await self._advance(export, state)
        except DatabaseUnavailable:
            raise
        except Exception:  # noqa: BLE001 - the member must not wait for something that keeps failing
            self._log.exception("export_broken", export=export_id)
            now = await self.exports.get(export_id)
            is_doubtful = now is not None and now.state is ExportState.SHARING
            await self._fail(export, CANNOT_VERIFY if is_doubtful else BROKEN)
            following = None
        if following is None:
            await self._close(export_id, attempt)
        return following

    async def _advance(self, export: Export, state: RunState) -> Reschedule | None:
        """Do the next step of an export; return when to continue, None if it has ended."""
        if export.state.is_active and export.query is None:
            await self._fail(export, UNREADABLE)
        elif export.state is ExportState.READING and export.query is not None:
            return await self._read(export, export.query, state)
        elif export.state.is_active:
            return await self._deliver(export, state)
        return None

    async def _close(self, export_id: int, attempt: int) -> None:
        """Show how an export ended, regardless of what was shown before, and drop its lines."""
        self._seen.pop(export_id, None)
        export = await self.exports.get(export_id)
        if export is None or export.attempt != attempt or export.state.is_active:
            return
        await self._show(export)
        if export.state is ExportState.FAILED:
            key = _build_failed_key(export.id, attempt)
            await self._outbox.enqueue(
                OutboxMessage(key, export.member, render_failed(export), export.member)
            )
        else:
            await self.exports.delete_chunks(export_id)

    async def _read(self, export: Export, query: ExportQuery, state: RunState) -> Reschedule | None:
        """Read pages until the list ends, the run has lasted long enough or Chakra fails."""
        seen = await self._load_seen(export)
        now = self._clock.time()
        ends_at, shown_at = now + RUN_SECONDS, now
        while True:
            try:
                page = await self._fetch_page(export, query)
            except ChakraError as error:
                return await self._retry_later(export, error, state)
            following = await self._record(export, query, page, seen)
            if following is None:
                return None  # cancelled, or another run is reading it
            export, state = following, {}
            self._remember(export, seen)
            now = self._clock.time()
            if export.state is ExportState.UPLOADING or now >= ends_at:
                await self._show(export)
                return Reschedule(0.0)
            if now - shown_at >= PROGRESS_SECONDS:
                shown_at = now
                await self._show(export)

    async def _fetch_page(self, export: Export, query: ExportQuery) -> ProcessPage:
        wait = await self._rate_limiter.reserve(self._clock.time())
        if wait > 0:
            await sleep(self._clock, wait)
        return await self._processes.list(
            export.record_type,
            query.where,
            skip=export.progress.position.skip,
            limit=PAGE_SIZE,
        )

    async def _record(
        self, export: Export, query: ExportQuery, page: ProcessPage, seen: SeenRecords
    ) -> Export | None:
        """Store a page; return the new state, None if the export is no longer this run's."""
        digests = {item.identity: digest_id(item.identity) for item in page.items}
        new = {key: item for key, item in _index_by_id(page).items() if digests[key] not in seen}
        ids = [digests[item.identity].hex() for item in page.items]
        step = advance(export.progress.position, ids, len(new), has_more=page.has_more)
        progress, chunk = replace(export.progress, position=step.position), None
        if step.is_used and new:
            progress, chunk = await asyncio.to_thread(
                _build_chunk, progress, query, [i for i in new.values() if not i.is_deleted]
            )
            chunk = replace(chunk, digests=tuple(digests[key] for key in new))
        if not await self.exports.record_page(export, progress, chunk):
            return None
        for digest in chunk.digests if chunk else ():
            seen.add(digest)
        return replace(
            export,
            progress=progress,
            state=ExportState.UPLOADING if progress.position.ending else export.state,
            page_count=export.page_count + 1,
            chunk_count=export.chunk_count + (1 if chunk else 0),
            row_count=export.row_count + (len(chunk.lines) if chunk else 0),
        )

    async def _load_seen(self, export: Export) -> SeenRecords:
        """Return the records of an export: another process may have read its last pages."""
        remembered = self._seen.get(export.id)
        if remembered is not None and remembered[0] == export.chunk_count:
            return remembered[1]
        return await self.exports.load_seen(export.id)

    def _remember(self, export: Export, seen: SeenRecords) -> None:
        """Remember the records of an export for the next run here."""
        self._seen.pop(export.id, None)
        self._seen[export.id] = (export.chunk_count, seen)
        if len(self._seen) > MAX_REMEMBERED:
            del self._seen[next(iter(self._seen))]

    async def _deliver(self, export: Export, state: RunState) -> Reschedule | None:
        ending = export.progress.position.ending
        if not export.row_count:
            if ending.is_certain:
                await self.exports.finish(export, ExportState.DONE, self._clock.time())
            else:
                await self._fail(export, NO_RECORDS)
            return None
        if export.state is ExportState.UPLOADING:
            access = await self._check_access(export.member)
            if access.is_unverified:
                return await self._wait(export, state, RETRY_DELAY_SECONDS, "Slack", UNVERIFIED)
            if not access.allows(Permission.SEND):
                await self._fail(export, NOT_ALLOWED)
                return None
        outcome = await self._delivery.deliver(export)
        if outcome.problem:
            await self._fail(export, outcome.problem)
            return None
        if outcome.retry_after is None:
            return None
        if outcome.is_failure:
            return await self._wait(export, state, outcome.retry_after, "Slack", outcome.reason)
        return Reschedule(outcome.retry_after, state)

    # --- errors -----------------------------------------------------------------------------------

    async def _retry_later(
        self, export: Export, error: ChakraError, state: RunState
    ) -> Reschedule | None:
        failures = int(state.get(FAILURES, 0)) + 1
        self._log.warning("page_failed", export=export.id, reason=error.kind, failures=failures)
        problem = mask_text(Explainer().explain_as_text(error))
        is_odd = isinstance(error, InvalidResponse) and failures < MAX_INVALID_RESPONSES
        if not (error.retryable or is_odd):
            await self._fail(export, problem)
            return None
        delay = RETRY_DELAY_SECONDS * 2 ** min(failures - 1, 4)
        return await self._wait(export, state, error.retry_after or delay, "Chakra", problem)

    async def _wait(
        self, export: Export, state: RunState, seconds: float, waits_for: str, problem: str
    ) -> Reschedule | None:
        """Try again later, unless it has been tried for long enough."""
        now = self._clock.time()
        wait = min(seconds, MAX_RETRY_DELAY_SECONDS)
        give_up_at = float(state.get(GIVE_UP_AT, 0.0)) or now + RETRY_TIMEOUT_SECONDS
        if now + wait > give_up_at:
            await self._fail(export, problem)
            return None
        await self._show(export, waits_for=waits_for)
        failures = int(state.get(FAILURES, 0)) + 1
        return Reschedule(wait, {FAILURES: failures, GIVE_UP_AT: give_up_at})

    async def _fail(self, export: Export, problem: str) -> None:
        self._log.warning("export_failed", export=export.id)
        await self.exports.finish(export, ExportState.FAILED, self._clock.time(), problem=problem)

    async def _show(self, export: Export, *, waits_for: str = "") -> None:
        message = render_progress(export, waits_for=waits_for)
        key = f"export:{export.id}"
        await self._outbox.enqueue(OutboxMessage(key, export.member, message, export.member))


def _index_by_id(page: ProcessPage) -> dict[str, Process]:
    return {item.identity: item for item in page.items}


def _build_chunk(
    progress: ExportProgress, query: ExportQuery, items: list[Process]
) -> tuple[ExportProgress, Chunk]:
    """Return the lines of a page, and the progress with them."""
    rows = build_rows(items, query.layout, progress.found, query.zone)
    following = replace(
        progress,
        found=rows.found,
        byte_count=progress.byte_count + rows.byte_count,
        cell_count=progress.cell_count + rows.width * len(rows.lines),
        cut_count=progress.cut_count + rows.cut_count,
    )
    if following.byte_count > MAX_LINE_BYTES:
        following = replace(
            following, position=replace(following.position, ending=Ending.TOO_LARGE)
        )
    return following, Chunk(rows.lines, rows.width)


def _build_workflow_key(export: Export) -> str:
    return f"{export.id}:{export.attempt}"


def _build_failed_key(export_id: int, attempt: int) -> str:
    return f"export:{export_id}:failed:{attempt}"
