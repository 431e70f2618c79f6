"""Lists of records by a typed query: the fields of a type, and the pages of what matches."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any, Final

from bot.cache import Cache, Cached
from bot.chakra.attributes import Attribute
from bot.chakra.client import Chakra
from bot.chakra.config import Config
from bot.chakra.fields import to_text
from bot.chakra.models import is_uuid
from bot.chakra.processes import ID_KEY, MAX_PAGE_SIZE
from bot.chakra.tasks import CreatedTask
from bot.errors import ChakraError, UsageError
from bot.processes.directory import (
    CONFIG_CACHE_KEY,
    CONFIG_CACHE_KIND,
    LEAD,
    RECORDS_CACHE_KIND,
    Record,
    RecordDirectory,
)
from bot.processes.query import (
    build_email_query,
    build_key_query,
    build_name_query,
    build_phone_query,
    is_key,
    spell_values,
)
from bot.processes.query_schema import QuerySchema, fold
from bot.processes.record_query import (
    Person,
    QueryField,
    RecordQuery,
    Scalar,
    ValueType,
    Where,
    WhereBuilder,
)
from bot.processes.user_names import UserNames

MAX_KEY_LENGTH: Final = 80
STATUSES: Final = ("OPEN", "COMPLETED", "CANCELLED")
"""CONFIRMED (bot/chakra/API.md, Processes)."""
STATUS_SYNONYMS: Final = (
    ("done", "COMPLETED"),
    ("complete", "COMPLETED"),
    ("closed", "COMPLETED"),
    ("finished", "COMPLETED"),
    ("canceled", "CANCELLED"),
)
ROOT_FIELDS: Final = (
    QueryField("status", "Status", choices=STATUSES, synonyms=STATUS_SYNONYMS),
    QueryField("state", "State", aliases=("stage",), has_other_values=True),
    QueryField("createdAt", "Created", ValueType.TIME, ("created", "created at", "created on")),
    QueryField(
        "assignedTo", "Assigned to", ValueType.PERSON, ("assigned", "assignee", "owner", "agent")
    ),
)
"""The fields that every record has and that a list can be filtered by (CONFIRMED)."""
MIN_STATES: Final = 3
"""The number of known states from which no more are looked for."""
TYPE_NAMES: Final[Mapping[str, ValueType]] = {
    **dict.fromkeys(
        ("number", "numeric", "decimal", "float", "double", "currency", "amount", "money",
         "integer", "int", "long", "count"),
        ValueType.NUMBER,
    ),
    **dict.fromkeys(("date", "day", "dob", "dateofbirth"), ValueType.DATE),
    **dict.fromkeys(("datetime", "timestamp", "dateandtime"), ValueType.TIME),
    **dict.fromkeys(("boolean", "bool", "yesno", "checkbox", "toggle", "flag"), ValueType.BOOLEAN),
}  # fmt: skip
"""Names of attribute types, normalized. Chakra's own are UNKNOWN: any other is text."""


@dataclass(frozen=True, slots=True)
class RecordType:
    """A record type: ``name`` is Chakra's short ID ("lead"), ``label`` its name."""

    name: str
    label: str
    key_field: str
    schema: QuerySchema = field(repr=False)

    phone_fields: frozenset[str] = frozenset()
    photo_fields: frozenset[str] = frozenset()
    find_name: Callable[[str], str] = field(default=lambda _: "", repr=False, compare=False)
    """Return the name of a UUID of the configuration or of a user, "" if it isn't known."""
    find_person: Callable[[str], str] = field(default=lambda _: "", repr=False, compare=False)
    """Return the name of a user by ID, username or address, "" if it isn't known."""
    format_phone: Callable[[str], str] = field(default=str, repr=False, compare=False)
    """Return a number as people write it, and an invalid one as it is."""

    def show(self, text: str) -> str:
        """Return the name of a UUID, and any other text as it is."""
        return (is_uuid(text) and self.find_name(text)) or text

    def show_person(self, assignee: str) -> str:
        """Return the assignee's name if it is known, else Chakra's own text."""
        return self.find_person(assignee) or assignee

    @property
    def attributes(self) -> tuple[QueryField, ...]:
        """The fields that the team has defined."""
        roots = {root.name for root in ROOT_FIELDS}
        return tuple(known for known in self.schema.fields if known.name not in roots)

    @property
    def states(self) -> tuple[str, ...]:
        """The states of records that were listed."""
        return next(known.choices for known in self.schema.fields if known.name == "state")

    @property
    def photo_attributes(self) -> tuple[QueryField, ...]:
        """The attributes whose value is a photo's ID."""
        return tuple(known for known in self.attributes if known.name in self.photo_fields)

    def is_phone(self, known: QueryField) -> bool:
        """Return whether a field holds a phone number."""
        return known.name in self.phone_fields

    @property
    def plural(self) -> str:
        return self.label if self.label.endswith("s") else f"{self.label}s"


@dataclass(frozen=True, slots=True)
class RecordPage:
    """The records after the first ``skip`` that match; ``next_skip`` is 0 on the last page."""

    records: tuple[Record, ...]
    next_skip: int
    is_incomplete: bool = False
    """Chakra says that there are more, but sends none."""


class RecordSearch:
    """Methods raise the client's ``ChakraError``s. ``phones`` reads the numbers people type."""

    def __init__(
        self,
        chakra: Chakra,
        cache: Cache,
        directory: RecordDirectory,
        *,
        users: UserNames,
    ) -> None:
        self.phones = directory.phones
        self._users = users
        self._directory = directory
        self._processes = chakra.processes
        self._tasks = chakra.tasks
        self._config_api = chakra.config
        self._cache = cache
        self._seen_states: dict[str, dict[str, None]] = {}
        """The states of listed records, by type: it is unknown whether the configuration has
        them."""

    async def list_types(self) -> tuple[RecordType, ...]:
        """Return the record types, leads first; only leads if Chakra has none."""
        config = (await self.get_config()).value
        found = [
            (procedure.short_id, procedure.label)
            for procedure in config.procedures
            if procedure.short_id and not procedure.is_deleted
        ]
        ordered = sorted(found or [(LEAD, "Lead")], key=lambda one: one[0] != LEAD)
        return tuple(self._build_type(config, name, label) for name, label in ordered)

    def _build_type(self, config: Config, name: str, label: str) -> RecordType:
        states = tuple(self._seen_states.get(name, ()))
        return _build_type(
            config, name, label, states, self._users.get_cached_name, self.phones.format
        )

    async def list(
        self, record_type: RecordType, where: Where, *, skip: int, limit: int
    ) -> RecordPage:
        """Return a page. Deleted records are left out, so it may have fewer than ``limit``."""
        page, _ = await asyncio.gather(
            self._processes.list(record_type.name, where, skip=skip, limit=limit),
            self._users.load_names(),
        )
        states = self._seen_states.setdefault(record_type.name, {})
        states.update(dict.fromkeys(item.state for item in page.items if item.state))
        key = record_type.key_field
        records = tuple(
            Record(record_type.name, to_text(item.attributes.get(key)) or item.id, item)
            for item in page.items
            if not item.is_deleted
        )
        more = page.has_more if page.has_more is not None else page.count >= limit
        following = skip + page.count if more and page.count else 0
        return RecordPage(records, following, bool(page.has_more) and not page.count)

    async def load_states(self, record_type: RecordType) -> RecordType:
        """Return the type with the states of the first records, if few are known."""
        if len(record_type.states) < MIN_STATES:
            with suppress(ChakraError):
                await self.list(record_type, {}, skip=0, limit=MAX_PAGE_SIZE)
        types = await self.list_types()
        return next((known for known in types if known.name == record_type.name), record_type)

    async def load(self, reference: str) -> tuple[Record, RecordType]:
        """Return the record of a reference ("lead/LEAD-004038") as it is now, and its type."""
        procedure, _, key = reference.partition("/")
        types, record, _ = await asyncio.gather(
            self.list_types(), self._directory.get(procedure, key), self._users.load_names()
        )
        found = next((known for known in types if known.name == procedure), None)
        if found is None:  # the configuration lacks it
            config = (await self.get_config()).value
            found = self._build_type(config, procedure, procedure.replace("_", " ").capitalize())
        return record, found

    async def find(self, typed: str, kind: str = "") -> tuple[Record, ...]:
        """Return the records with this key, number, address or name; only of ``kind`` if given.

        At most ``MAX_FOUND``. Raise ``TimeoutError`` too.
        """
        text = typed.strip()
        if is_key(text):
            return await self._directory.find_by_key(text)
        if "@" in text:
            return await self._directory.find_by_email(text, kind)
        if self.phones.list_candidates(text):
            return await self._directory.find_by_phone(text, kind)
        found = await self._directory.find_by_name(text, kind)
        may_be_key = any(map(str.isdigit, text)) and len(text) <= MAX_KEY_LENGTH
        return found or (await self._directory.find_by_key(text) if may_be_key else ())

    async def create(self, record_type: RecordType, item: Mapping[str, Any]) -> str:
        """Create a record; return its reference, "" if Chakra's response doesn't name it.

        Raise ``OutcomeUnknown`` if it may have been created.
        """
        created = await self._processes.create(record_type.name, item)
        self._cache.invalidate(RECORDS_CACHE_KIND, record_type.name)
        key = item.get("data", {}).get(record_type.key_field) or (created and created.id)
        return f"{record_type.name}/{key}" if key else ""

    async def create_task(self, record: Record, kind: str, task: Mapping[str, Any]) -> CreatedTask:
        """Create a task for a record. Raise ``OutcomeUnknown`` if it may have been created."""
        created = await self._tasks.create(record.procedure, record.process.id, kind, task)
        self._cache.invalidate(RECORDS_CACHE_KIND, record.procedure)
        return created

    async def update(self, record: Record, update: Mapping[str, Any]) -> None:
        """Change a record. Raise ``OutcomeUnknown`` if it may have been changed."""
        key, attribute = await self._identify(record)
        await self._processes.update(record.procedure, key, update, key_attribute=attribute)
        self._cache.invalidate(RECORDS_CACHE_KIND, record.procedure)

    async def delete(self, record: Record) -> None:
        """Delete a record. Raise ``OutcomeUnknown`` if it may have been deleted."""
        key, attribute = await self._identify(record)
        await self._processes.delete(record.procedure, key, key_attribute=attribute)
        self._cache.invalidate(RECORDS_CACHE_KIND, record.procedure)

    async def _identify(self, record: Record) -> tuple[str, str]:
        """Return the record's ID with "id", or its primary key with the name of that attribute."""
        if record.process.id:
            return record.process.id, ID_KEY
        known = (await self.get_config()).value.find_primary_key(record.procedure)
        return record.key, known.short_id if known else f"{record.procedure}_id"

    def build_where(
        self,
        record_type: RecordType,
        query: RecordQuery,
        usernames: Mapping[Person, Sequence[str]],
        zone: tzinfo,
    ) -> Where:
        """Return the ``where`` of a query; ``usernames`` are those of the people in it."""
        words = {text: self._find_words(record_type, text) for text in query.words}
        return WhereBuilder(zone, usernames, words, self._spell_number).build(query)

    def _spell_number(self, compared: QueryField, values: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
        return spell_values(compared.name, values, self.phones.list_candidates)

    def _find_words(self, record_type: RecordType, text: str) -> Where:
        """Return the query for a key, address, number or name, or the value of a text field."""
        texts = [known.name for known in record_type.schema.fields if known.type is ValueType.TEXT]
        own = [name for name in texts if name not in {root.name for root in ROOT_FIELDS}]
        if is_key(text):
            return build_key_query(record_type.key_field, text, record_type.name)
        found = [
            part
            for part in (
                build_email_query(text, own) if "@" in text else None,
                build_phone_query(self.phones.list_candidates(text), own),
            )
            if part
        ]
        if not found:
            spellings = list(dict.fromkeys((text, text.title(), text.capitalize(), text.upper())))
            found = [part for part in (build_name_query(text, own),) if part]
            found += [{name: spellings} for name in own]
        return found[0] if len(found) == 1 else {"or": found}

    async def get_config(self, *, refresh: bool = False) -> Cached[Config]:
        """Return the configuration; with ``refresh``, a new one."""
        return await self._cache.get(
            CONFIG_CACHE_KIND, CONFIG_CACHE_KEY, self._config_api.fetch, refresh=refresh
        )


_MULTIPLE_TYPE: Final = re.compile(r"multi|tags|checkboxes|^list|array")
_OBJECT_TYPE: Final = re.compile(r"object|json|address|location|geo|file|document|attachment|media")
_PHONE_TYPE: Final = re.compile(r"phone|mobile|whatsapp")


def find_type(types: Sequence[RecordType], typed: str) -> RecordType | None:
    """Return the type with this short ID or name, in the singular or plural."""
    wanted = fold(typed)
    for found in types:
        names = {fold(found.name), fold(found.label)}
        if wanted in names | {f"{name}s" for name in names}:
            return found
    return None


def build_unknown_type_error(types: Sequence[RecordType], typed: str) -> UsageError:
    names = ", ".join(found.name for found in types)
    return UsageError(
        f'There are no records called "{typed}". There are: {names}.',
        example=f"/chakra process list {types[0].name}",
    )


def _build_type(
    config: Config,
    name: str,
    label: str,
    states: tuple[str, ...],
    find_user_name: Callable[[str], str] = lambda _: "",
    format_phone: Callable[[str], str] = str,
) -> RecordType:
    attributes = config.list_attributes(name)
    key = config.find_primary_key(name)
    roots = {root.name for root in ROOT_FIELDS}
    own = tuple(_build_field(item) for item in attributes if item.short_id not in roots)
    words = frozenset({fold(name), fold(label), fold(f"{name}s"), fold(f"{label}s")})
    key_field = key.short_id if key else f"{name}_id"
    procedure = config.find_procedure(name)
    states = tuple(dict.fromkeys((*(procedure.states if procedure else ()), *states)))
    root_fields = tuple(
        replace(known, choices=states) if known.name == "state" else known for known in ROOT_FIELDS
    )
    schema = QuerySchema((*root_fields, *own), words)
    phones = frozenset(item.short_id for item in attributes if _PHONE_TYPE.search(fold(item.type)))
    photos = frozenset(item.short_id for item in attributes if item.is_photo)

    def find_name(reference: str) -> str:
        return config.find_label(reference) or find_user_name(reference)

    return RecordType(
        name, label, key_field, schema, phones, photos, find_name, find_user_name, format_phone
    )


def _build_field(attribute: Attribute) -> QueryField:
    kind = fold(attribute.type)
    labels = tuple((item.label, item.value) for item in attribute.choices if item.label)
    return QueryField(
        attribute.short_id,
        attribute.label,
        TYPE_NAMES.get(kind, ValueType.TEXT),
        choices=tuple(item.value for item in attribute.choices),
        synonyms=labels,
        is_multiple=attribute.multiple is True or bool(_MULTIPLE_TYPE.search(kind)),
        is_object=bool(_OBJECT_TYPE.search(kind)),
        is_required=attribute.required is True,
    )
