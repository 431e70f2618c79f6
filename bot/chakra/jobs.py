"""The background job endpoints (API.md, Background jobs). Jobs cannot be listed or cancelled."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from bot.chakra.job import Job, JobEntry
from bot.chakra.paging import NEXT_PAGE_KEYS
from bot.chakra.text import sanitize_line
from bot.chakra.transport.envelope import Envelope, parse_envelope
from bot.chakra.transport.error_mapping import build_not_found
from bot.chakra.transport.exchange import build_path
from bot.chakra.transport.http import Http

JOB_PATH = "/v1/ext/background-job/{backgroundJobId}"
ENTRIES_PATH = "/v1/ext/background-job/{backgroundJobId}/entries"
ENTRIES_PAGE_PATH = "/v1/ext/background-job/{backgroundJobId}/entries/{page}"
"""UNKNOWN: a page may have its own path; one below that of the first page is followed."""

COUNTS_KEY = "bjEntryCompletionStatusVsCount"
TOTAL_KEYS = ("total", "totalCount", "totalEntries", "count")
"""The keys are UNKNOWN; these are the usual ones."""

WaitForRateLimit = Callable[[], Awaitable[None]]
"""Return when one more request may be sent."""

MAX_PAGES = 10_000
_MAX_URL_LENGTH = 2048


@dataclass(frozen=True)
class EntryPage:
    """A page of entries.

    ``total`` is Chakra's number of entries on all pages, if any. It may be wrong: ``count`` could
    be that of the page.
    """

    entries: tuple[JobEntry, ...]
    total: int | None = None


@dataclass(frozen=True)
class _PageCursor:
    """The position of a page: the last path segment, "" for the first page, and the query."""

    page: str = ""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class JobsApi:
    """The background jobs; a ``job_id`` is a UUID.

    Methods raise the errors of ``Http.get``, such as ``ResourceNotFound`` for a job that does not
    exist or has been deleted.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self, job_id: str) -> Job:
        """Return a job. CONFIRMED, with a full example."""
        response = await self._http.get(JOB_PATH, {"backgroundJobId": job_id})
        envelope = parse_envelope(response)
        if not envelope.data:
            raise build_not_found(response)
        job = parse_job(envelope)
        if job.id.lower() != job_id.lower():
            raise envelope.build_error("_data.id", "It isn't the requested job.")
        return job

    async def iter_entry_pages(
        self,
        job_id: str,
        *,
        max_entries: int | None = None,
        wait_for_rate_limit: WaitForRateLimit | None = None,
    ) -> AsyncGenerator[EntryPage, None]:
        """Yield the entries, at most ``max_entries``, by page, in Chakra's order (UNKNOWN).

        Only the first page may be empty. ``wait_for_rate_limit`` is awaited before every request.

        The path is CONFIRMED, and so is that ``_meta`` has a total and the path of the next page.
        Its keys and the query parameters are UNKNOWN: none is sent, and the next page is followed
        if it belongs to this job, has new entries and has not been requested before.
        """
        cursor, visited, known_ids, received_count = _PageCursor(), {_PageCursor()}, set[str](), 0
        for page_index in range(MAX_PAGES):
            if wait_for_rate_limit is not None:
                await wait_for_rate_limit()
            envelope = await self._fetch_page(job_id, cursor)
            entries = tuple(
                entry
                for entry in _parse_entries(envelope)
                if not entry.id or entry.id not in known_ids
            )
            if not entries and page_index:
                return
            entries = entries[: None if max_entries is None else max_entries - received_count]
            known_ids |= {entry.id for entry in entries}
            received_count += len(entries)
            yield EntryPage(entries, _parse_total(envelope.meta))
            next_cursor = self._parse_next_cursor(envelope.meta, job_id)
            if (
                next_cursor is None
                or next_cursor in visited
                or not entries
                or received_count == max_entries
            ):
                return
            visited.add(next_cursor)
            cursor = next_cursor

    async def _fetch_page(self, job_id: str, cursor: _PageCursor) -> Envelope:
        endpoint, parameters = ENTRIES_PATH, {"backgroundJobId": job_id}
        if cursor.page:
            endpoint, parameters = ENTRIES_PAGE_PATH, {**parameters, "page": cursor.page}
        return parse_envelope(await self._http.get(endpoint, parameters, query=dict(cursor.query)))

    def _parse_next_cursor(self, meta: Mapping[str, object], job_id: str) -> _PageCursor | None:
        urls = (value for name in NEXT_PAGE_KEYS if isinstance(value := meta.get(name), str))
        url = next((value for value in urls if value.strip()), "")
        return parse_cursor(
            url, build_path(ENTRIES_PATH, {"backgroundJobId": job_id}), self._http.host
        )


def parse_job(envelope: Envelope) -> Job:
    """Return the job in ``_data`` with the counts in ``_meta``, if any.

    The bulk endpoints respond with the same object.
    """
    data = envelope.data
    if isinstance(data, Mapping):
        data = {**data, "counts": envelope.meta.get(COUNTS_KEY)}
    return envelope.parse(Job, data, "_data")


def parse_cursor(url: str, path: str, host: str) -> _PageCursor | None:
    """Return the cursor of the page at ``url``, which may be absolute, a path, or only a query.

    Return ``None`` unless the URL is on ``host`` and at or directly below ``path``. Only the last
    segment and the query are used, so the request goes to the configured Chakra. The path may have
    a prefix, as behind a proxy.
    """
    if not url or len(url) > _MAX_URL_LENGTH:
        return None
    try:
        parts = urlsplit(sanitize_line(url))
        is_other_host = bool(parts.netloc) and parts.hostname != host
    except ValueError:
        return None
    match = re.search(rf"{re.escape(path)}(?:/([^/]+))?/?$", parts.path, re.IGNORECASE)
    page = unquote(match[1] or "") if match else ""
    if is_other_host or (parts.path and not match) or page in {".", ".."}:
        return None
    return _PageCursor(page, tuple(parse_qsl(parts.query, keep_blank_values=True)))


def _parse_entries(envelope: Envelope) -> tuple[JobEntry, ...]:
    if not isinstance(envelope.data, list):
        raise envelope.build_error("_data", "An array of entries was expected.")
    return tuple(map(JobEntry.from_item, envelope.data))


def _parse_total(meta: Mapping[str, object]) -> int | None:
    for name in TOTAL_KEYS:
        value = meta.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None
