"""The background jobs (contract sections 7.1 and 7.2). There is no listing and no cancelling."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from bot.chakra.job import Job, JobEntry
from bot.chakra.paging import NEXT
from bot.chakra.text import plain
from bot.chakra.transport.envelope import Envelope, read
from bot.chakra.transport.error_mapping import missing
from bot.chakra.transport.exchange import path_of
from bot.chakra.transport.http import Http

ONE = "/v1/ext/background-job/{backgroundJobId}"
ENTRIES = "/v1/ext/background-job/{backgroundJobId}/entries"
MORE_ENTRIES = "/v1/ext/background-job/{backgroundJobId}/entries/{page}"
"""That a page has a path of its own is UNKNOWN; one that lies below the first is followed."""

COUNTS = "bjEntryCompletionStatusVsCount"
TOTAL = ("total", "totalCount", "totalEntries", "count")
"""The contract's advice: the keys are UNKNOWN."""

Turn = Callable[[], Awaitable[None]]
"""Returns when one more request may be made."""

MOST_PAGES = 10_000
_LONGEST_ADDRESS = 2048


@dataclass(frozen=True)
class EntryPage:
    """`total` is how many entries Chakra says there are on all pages, where it says so. It may be
    wrong: `count` could be that of the page."""

    entries: tuple[JobEntry, ...]
    total: int | None = None


@dataclass(frozen=True)
class _Place:
    """Of a page: what follows the path of the first, and the query."""

    page: str = ""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class Jobs:
    """Raises the `ChakraError`s of `Http.get`; `Missing` for a job that is not there, or no more.

    `job_id` is a UUID.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self, job_id: str) -> Job:
        """CONFIRMED, with a full example."""
        answer = await self._http.get(ONE, {"backgroundJobId": job_id})
        envelope = read(answer)
        if not envelope.data:
            raise missing(answer)
        return job_in(envelope)

    async def entries(
        self, job_id: str, *, most: int | None = None, turn: Turn | None = None
    ) -> AsyncGenerator[EntryPage, None]:
        """All entries, or the first `most`, a page at a time, in Chakra's order (UNKNOWN). The
        first page may be empty, no other is. Each waits for its `turn`, where there are turns.

        The path is CONFIRMED, and that `_meta` holds a total and the path of the next page. Its
        keys and the query are UNKNOWN: none is sent, and what `_meta` names is followed as long as
        it stays with this job, brings something new and has not been asked for before.
        """
        place, seen, known, received = _Place(), {_Place()}, set[str](), 0
        for number in range(MOST_PAGES):
            if turn is not None:
                await turn()
            envelope = await self._page(job_id, place)
            entries = tuple(one for one in _entries(envelope) if not one.id or one.id not in known)
            if not entries and number:
                return
            entries = entries[: None if most is None else most - received]
            known |= {one.id for one in entries}
            received += len(entries)
            yield EntryPage(entries, _total(envelope.meta))
            following = self._following(envelope.meta, job_id)
            if following is None or following in seen or not entries or received == most:
                return
            seen.add(following)
            place = following

    async def _page(self, job_id: str, place: _Place) -> Envelope:
        endpoint, parameters = ENTRIES, {"backgroundJobId": job_id}
        if place.page:
            endpoint, parameters = MORE_ENTRIES, {**parameters, "page": place.page}
        return read(await self._http.get(endpoint, parameters, query=dict(place.query)))

    def _following(self, meta: Mapping[str, object], job_id: str) -> _Place | None:
        said = (value for name in NEXT if isinstance(value := meta.get(name), str))
        address = next((value for value in said if value.strip()), "")
        return place_of(address, path_of(ENTRIES, {"backgroundJobId": job_id}), self._http.host)


def job_in(envelope: Envelope) -> Job:
    """The job of `_data`, with the counts of `_meta` where there are any. The bulk endpoints are
    answered with the same object."""
    data = envelope.data
    if isinstance(data, Mapping):
        data = {**data, "counts": envelope.meta.get(COUNTS)}
    return envelope.fit(Job, data, "_data")


def place_of(address: str, path: str, host: str) -> _Place | None:
    """What to ask for the page at `address`: a whole address on `host`, a path, or a query alone.
    Nothing where it does not lie at or right below `path`.

    Only what follows that is taken: whatever the address names, our own Chakra is asked. A Chakra
    behind a proxy may put a path of its own in front.
    """
    if not address or len(address) > _LONGEST_ADDRESS:
        return None
    try:
        parts = urlsplit(plain(address))
        elsewhere = bool(parts.netloc) and parts.hostname != host
    except ValueError:
        return None
    below = re.search(rf"{re.escape(path)}(?:/([^/]+))?/?$", parts.path, re.IGNORECASE)
    page = unquote(below[1] or "") if below else ""
    if elsewhere or (parts.path and not below) or page in {".", ".."}:
        return None
    return _Place(page, tuple(parse_qsl(parts.query, keep_blank_values=True)))


def _entries(envelope: Envelope) -> tuple[JobEntry, ...]:
    if not isinstance(envelope.data, list):
        raise envelope.unfit("_data", "An array of entries was expected.")
    return tuple(map(JobEntry.of, envelope.data))


def _total(meta: Mapping[str, object]) -> int | None:
    for name in TOTAL:
        value = meta.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None
