"""Make one change to every record of a list: the list is fixed when it is read, and checked again.

Between two views the list is a draft of an upload, in the database; confirmed, it is an upload.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from bot.aio.clock import Clock
from bot.bulk.record_list import read_list
from bot.bulk.repository import Uploads
from bot.bulk.upload import Batch, Upload, UploadStage, build_batches
from bot.chakra.process import Process
from bot.chakra.processes import ID_KEY, UPDATE_KEY
from bot.errors import NotFound
from bot.processes.card import show_value
from bot.processes.directory import Record
from bot.processes.search import RecordSearch, RecordType
from bot.sheets.columns import Purpose

MAX_SAMPLES: Final = 5
NOT_FOUND_HINT: Final = (
    "It's only stored for an hour, or its records are already being changed. Open the list again."
)

_ROOT_FIELDS: Final[Mapping[str, str]] = {
    "state": "state",
    "status": "status",
    "assignedTo": "assigned_to",
}
"""Chakra's name -> that of the model."""


class NewValue(BaseModel):
    """The new value of a field; ``same`` are other spellings of it ("john@acme.com")."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    name: str
    label: str
    value: str | int | float | bool
    same: tuple[str, ...] = ()

    @property
    def is_root(self) -> bool:
        return self.name in _ROOT_FIELDS

    @property
    def shown(self) -> str:
        return show_value(self.value)

    def read_current(self, process: Process) -> Any:
        """Return the field's current value."""
        if self.is_root:
            return getattr(process, _ROOT_FIELDS[self.name])
        return process.attributes.get(self.name)

    def is_in(self, process: Process) -> bool:
        """Return whether the record already has the value."""
        stored = self.read_current(process)
        if isinstance(stored, str | int | float) and str(stored) == str(self.value):
            return True
        return isinstance(stored, str) and stored in self.same


class ListedRecord(BaseModel):
    """A record of the list, named by its ``attribute`` "id", or by its primary key without one.

    ``before`` is the fingerprint of what the change replaces.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: str
    before: str
    attribute: str = ID_KEY


class Sample(BaseModel):
    """One of the first records, as people read it; ``old`` are the values of the fields."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    key: str
    name: str
    old: tuple[str, ...]


class ListChange(BaseModel):
    """The planned change: ``values`` in ``records``, which matched ``where`` at ``read_at``.

    ``unchanged`` records already have the values. ``repeated`` ones came on two pages.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    record_type: str
    where: dict[str, Any]
    echo: str
    read_at: float
    values: tuple[NewValue, ...]
    records: tuple[ListedRecord, ...]
    samples: tuple[Sample, ...]
    unchanged: int = 0
    repeated: int = 0

    @property
    def update(self) -> Mapping[str, Any]:
        """The changes to one record, as the bulk update takes them."""
        root = {item.name: item.value for item in self.values if item.is_root}
        data = {item.name: item.value for item in self.values if not item.is_root}
        return {**root, "data": data} if data else root


class ListChanger:
    """Methods raise ``DatabaseUnavailable``, and the errors of the client and of `read_list`."""

    def __init__(self, uploads: Uploads, records: RecordSearch, clock: Clock) -> None:
        self._uploads = uploads
        self._records = records
        self._clock = clock

    async def plan(
        self,
        record_type: RecordType,
        where: Mapping[str, Any],
        echo: str,
        values: Sequence[NewValue],
    ) -> ListChange:
        """Read the list, and return what would change in it."""
        listed = await read_list(self._records, record_type, where)
        changing = [
            record
            for record in listed.records
            if not all(value.is_in(record.process) for value in values)
        ]
        return ListChange(
            record_type=record_type.name,
            where=dict(where),
            echo=echo,
            read_at=self._clock.time(),
            values=tuple(values),
            records=tuple(
                _to_listed_record(record, record_type, _compute_fingerprint(record.process, values))
                for record in changing
            ),
            samples=tuple(_build_sample(record, values) for record in changing[:MAX_SAMPLES]),
            unchanged=len(listed.records) - len(changing),
            repeated=listed.repeated,
        )

    async def store(self, change: ListChange, *, key: str, member: str, channel: str) -> Upload:
        """Store the plan as a draft. ``key`` names the form: submitted twice, it is one draft."""
        return await self._uploads.create_draft(
            key,
            member=member,
            channel=channel,
            procedure=change.record_type,
            kind=Purpose.UPDATE.value,
            filename=f"a list of {len(change.records):,}",
            file=change.model_dump_json().encode(),
            now=self._clock.time(),
        )

    async def load(self, upload_id: int, member: str) -> tuple[Upload, ListChange]:
        """Return a stored plan. Raise ``NotFound`` if it is no longer a draft of this member."""
        draft = await self._uploads.get(upload_id)
        if draft is None or draft.stage is not UploadStage.DRAFT or draft.member != member:
            raise NotFound("list", "", hint=NOT_FOUND_HINT)
        content = await self._uploads.load_file(upload_id)
        return draft, ListChange.model_validate_json(content)

    async def check_again(self, change: ListChange, record_type: RecordType) -> ListChange:
        """Return the change for the records that match and are as they were read.

        So a colleague's change of the same field in the meantime isn't overwritten.
        """
        listed = await read_list(self._records, record_type, change.where)
        now = {
            record.process.id or record.key: _compute_fingerprint(record.process, change.values)
            for record in listed.records
        }
        same = tuple(record for record in change.records if now.get(record.id) == record.before)
        return change.model_copy(update={"records": same})

    async def split_batches(self, change: ListChange) -> list[Batch]:
        """Return the items of the bulk update in batches, each one request."""
        return await asyncio.to_thread(_build_batches, change)


def _build_batches(change: ListChange) -> list[Batch]:
    items = [{record.attribute: record.id, UPDATE_KEY: change.update} for record in change.records]
    return build_batches(items, range(1, len(items) + 1))


def _to_listed_record(record: Record, record_type: RecordType, before: str) -> ListedRecord:
    if record.process.id:
        return ListedRecord(id=record.process.id, before=before)
    return ListedRecord(id=record.key, before=before, attribute=record_type.key_field)


def _compute_fingerprint(process: Process, values: Sequence[NewValue]) -> str:
    stored = [value.read_current(process) for value in values]
    text = json.dumps(stored, sort_keys=True, default=str)
    return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _build_sample(record: Record, values: Sequence[NewValue]) -> Sample:
    old = tuple(show_value(value.read_current(record.process)) for value in values)
    return Sample(key=record.key, name=record.process.name, old=old)
