"""The team's records, found in Chakra's lists by key, name or phone number."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.aio.clock import Clock, wait_for
from bot.cache import Cache, CacheKind
from bot.chakra.client import Chakra
from bot.chakra.config import Config
from bot.chakra.fields import to_text
from bot.chakra.models import is_uuid
from bot.chakra.process import Process
from bot.errors import BotError, ChakraError, Rejected, ResourceNotFound
from bot.processes.query import (
    NameMatch,
    Where,
    build_email_query,
    build_key_query,
    build_name_query,
    build_phone_query,
    has_phone,
    is_same_key,
    match_name,
)
from bot.text.phones import INTERNATIONAL, PhoneParser

CONFIG_CACHE_KIND = CacheKind("config", fresh_seconds=1800)
CONFIG_CACHE_KEY = "whole"
RECORDS_CACHE_KIND = CacheKind("records", fresh_seconds=60)
LEAD = "lead"
MAX_PROCEDURES = 5
"""Record types that one search covers."""
MAX_FOUND = 20
MAX_SCANNED_PAGES = 3
"""Pages of 100 records that are compared one by one if the filter finds nothing."""
PAGE_SIZE = 100
SEARCH_TIMEOUT_SECONDS = 5.0
COMPLETED_STATUSES = frozenset({"COMPLETED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class Record:
    """A lead or another process; ``key`` is its primary key, or its UUID if it has none.

    ``by_id``: it is addressed by its ID, since another record may have its key.
    """

    procedure: str
    key: str
    process: Process = field(repr=False)
    by_id: bool = False

    @property
    def reference(self) -> str:
        """Its name in a line: ``lead/LEAD-004038``."""
        return f"{self.procedure}/{self.key}"

    @property
    def choice(self) -> str:
        """Its value in a choice: its ID if another record may have its key."""
        return self.handle if self.by_id else self.reference

    @property
    def shown_key(self) -> str:
        """The key as people see it; "" for a UUID, which says nothing to them."""
        return "" if self.key == self.process.id else self.key

    @property
    def handle(self) -> str:
        """Its value in buttons: the ID, since two records may share a key."""
        return f"{self.procedure}/{self.process.id or self.key}"


class RecordDirectory:
    """Its methods raise the client's ``ChakraError``s and ``TimeoutError``.

    ``phones`` reads the numbers that people type.
    """

    def __init__(
        self, chakra: Chakra, cache: Cache, clock: Clock, phones: PhoneParser = INTERNATIONAL
    ) -> None:
        self._processes = chakra.processes
        self._config_api = chakra.config
        self._cache = cache
        self._clock = clock
        self.phones = phones

    def list_cached_kinds(self) -> tuple[str, ...]:
        """Return the short IDs of the record types that are known without a request."""
        cached = self._cache.peek(CONFIG_CACHE_KIND, CONFIG_CACHE_KEY)
        return _list_kinds(cached.value) if cached is not None else (LEAD,)

    async def get(self, procedure: str, key: str) -> Record:
        """Return the record with this key or UUID.

        Raise ``ResourceNotFound`` if there is none, it is deleted, or several have the key.
        """
        attribute = _find_primary_key(await self._load_config(), procedure)
        try:
            process = await self._processes.find(procedure, key, attribute=attribute)
        except ResourceNotFound:
            if is_uuid(key):
                raise
            return await self._get_by_key(procedure, key)
        if process.is_deleted:
            raise ResourceNotFound("The record is deleted.")
        own_key = to_text(process.attributes.get(attribute))
        return Record(procedure, own_key or process.id or key, process, by_id=is_uuid(key))

    async def _get_by_key(self, procedure: str, key: str) -> Record:
        """Return the only record with this key, ignoring case."""
        found = await self._list_by_key(procedure, key)
        if len(found) != 1:
            raise ResourceNotFound("There is no such record.")
        return found[0]

    async def _list_by_key(self, procedure: str, key: str) -> Sequence[Record]:
        """Return the records with this key, ignoring case if none has exactly this one."""
        attribute = _find_primary_key(await self._load_config(), procedure)
        query = build_key_query(attribute, key, procedure)
        page = await self._processes.list(procedure, query, limit=10)
        found = self._build_records(procedure, attribute, page.items)
        matching = [record for record in found if is_same_key(key, record.key, procedure)]
        same = [record for record in matching if record.key.casefold() == key.casefold()]
        exact = [record for record in same if record.key == key]
        return _mark_shared_keys(exact or same or matching)

    async def find_by_key(self, key: str) -> tuple[Record, ...]:
        """Return the records of any type with this key; its letters tell where to look first."""
        kinds = _list_kinds(await self._load_config())
        find = self._list_by_id if is_uuid(key) else self._list_by_key
        letters = "".join(letter for letter in key if letter.isalpha()).casefold()
        likely = [kind for kind in kinds if letters and kind.replace("_", "").startswith(letters)]
        for group in (likely, [kind for kind in kinds if kind not in likely]):
            results = await asyncio.gather(
                *(find(kind, key) for kind in group), return_exceptions=True
            )
            listed = [result for result in results if not isinstance(result, BaseException)]
            if found := tuple(record for records in listed for record in records):
                return found
            _raise_unless_refused(results)
        return ()

    async def _list_by_id(self, procedure: str, record_id: str) -> Sequence[Record]:
        return [await self.get(procedure, record_id)]

    async def find_by_name(self, typed: str, kind: str = "") -> tuple[Record, ...]:
        """Return the records with this name, the best matches only; only of ``kind`` if given."""
        return await self._search(
            kind,
            lambda names: build_name_query(typed, names),
            lambda process: match_name(typed, process.name),
        )

    async def find_by_email(self, email: str, kind: str = "") -> tuple[Record, ...]:
        """Return the records with this email address."""
        return await self._search(
            kind,
            lambda names: build_email_query(email, names),
            lambda process: (
                NameMatch.WHOLE if process.email.casefold() == email.casefold() else NameMatch.NONE
            ),
        )

    async def find_by_phone(self, typed: str, kind: str = "") -> tuple[Record, ...]:
        """Return the records with this number."""
        candidates = self.phones.list_candidates(typed)
        return await self._search(
            kind,
            lambda names: build_phone_query(candidates, names),
            lambda process: NameMatch.WHOLE if has_phone(process, candidates) else NameMatch.NONE,
        )

    async def _search(
        self,
        kind: str,
        build: Callable[[Sequence[str]], Where | None],
        match: Callable[[Process], NameMatch],
    ) -> tuple[Record, ...]:
        config = await self._load_config()
        kinds = (kind,) if kind else _list_kinds(config)
        searches = (self._search_kind(config, name, build, match) for name in kinds)
        found = await wait_for(self._clock, _gather(searches), SEARCH_TIMEOUT_SECONDS)
        records = [record for result in found if isinstance(result, list) for record in result]
        if not records:
            _raise_unless_refused(found)
        best = min((match(record.process) for record in records), default=NameMatch.NONE)
        unique = {record.handle: record for record in records if match(record.process) is best}
        return tuple(_mark_shared_keys(list(unique.values())))[:MAX_FOUND]

    async def _search_kind(
        self,
        config: Config,
        procedure: str,
        build: Callable[[Sequence[str]], Where | None],
        match: Callable[[Process], NameMatch],
    ) -> list[Record]:
        attribute = _find_primary_key(config, procedure)
        where = build([item.short_id for item in config.list_attributes(procedure)])
        items: tuple[Process, ...] = ()
        if where is not None:
            try:
                page = await self._processes.list(procedure, where, limit=PAGE_SIZE)
                items = page.items
            except Rejected as error:
                if isinstance(error, ResourceNotFound):
                    raise
        matching = [item for item in items if match(item) is not NameMatch.NONE]
        if not matching:
            scanned = await self._scan(procedure)
            matching = [item for item in scanned if match(item) is not NameMatch.NONE]
        return self._build_records(procedure, attribute, matching)

    async def _scan(self, procedure: str) -> tuple[Process, ...]:
        """Return the first pages of the list, cached."""

        async def load() -> tuple[Process, ...]:
            found: list[Process] = []
            for number in range(MAX_SCANNED_PAGES):
                skip = number * PAGE_SIZE
                page = await self._processes.list(procedure, {}, skip=skip, limit=PAGE_SIZE)
                found += page.items
                if not page.has_more or not page.count:
                    break
            return tuple(found)

        return (await self._cache.get(RECORDS_CACHE_KIND, procedure, load)).value

    def _build_records(
        self, procedure: str, attribute: str, items: Sequence[Process]
    ) -> list[Record]:
        return [
            Record(procedure, to_text(item.attributes.get(attribute)) or item.id, item)
            for item in items
            if not item.is_deleted
        ]

    async def _load_config(self) -> Config:
        """Return the configuration; an empty one if it can't be loaded: leads are usual."""
        load = self._cache.get(CONFIG_CACHE_KIND, CONFIG_CACHE_KEY, self._config_api.fetch)
        try:
            return (await wait_for(self._clock, load, SEARCH_TIMEOUT_SECONDS)).value
        except (TimeoutError, BotError):
            return Config()


def _mark_shared_keys(records: Sequence[Record]) -> list[Record]:
    """Address the records that share a key by their IDs."""
    keys = Counter(record.reference for record in records)
    return [
        replace(record, by_id=bool(record.process.id)) if keys[record.reference] > 1 else record
        for record in records
    ]


async def _gather(
    searches: Iterable[Coroutine[Any, Any, list[Record]]],
) -> list[list[Record] | BaseException]:
    return await asyncio.gather(*searches, return_exceptions=True)


def _list_kinds(config: Config) -> tuple[str, ...]:
    """Return the record types, leads first."""
    found = [
        procedure.short_id.casefold()
        for procedure in config.procedures
        if procedure.short_id and not procedure.is_deleted
    ]
    ordered = sorted(dict.fromkeys(found), key=lambda name: name != LEAD)
    return tuple(ordered[:MAX_PROCEDURES]) or (LEAD,)


def _find_primary_key(config: Config, procedure: str) -> str:
    known = config.find_primary_key(procedure)
    return known.short_id if known else f"{procedure}_id"


def _raise_unless_refused(results: Sequence[object]) -> None:
    """Raise an outage: only a refusal means that there are no such records."""
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Rejected):
            if isinstance(result, ChakraError) and not result.retryable:
                continue
            raise result
