"""Write to records: each write is made once, and only if the record is as the person saw it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from bot.processes import editor
from bot.processes.directory import Record
from bot.processes.search import RecordSearch
from bot.processes.shown import render_card_after
from bot.record_queries import RecordQueries
from bot.slack.commands.command import ActionRequest, SubmitRequest
from bot.slack.commands.reply import CloseForm
from bot.users.directory import Directory
from bot.writes.ledger import DuplicateWrite, WriteIntent, WriteLedger
from bot.writes.notices import read_confirmed_id

VERSION: Final = "version"


class HasRecordEdits(Protocol):
    """The part of the context that record edits use."""

    @property
    def records(self) -> RecordSearch: ...
    @property
    def record_queries(self) -> RecordQueries: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def writes(self) -> WriteLedger: ...


async def close_with_card(
    request: SubmitRequest, context: HasRecordEdits, record: Record, done: str
) -> CloseForm:
    """Close the form, and show the new card."""
    card = await render_card_after(request, context.records, record.handle, done)
    return CloseForm(done, follow_up=card)


async def write_update(
    request: ActionRequest | SubmitRequest,
    context: HasRecordEdits,
    record: Record,
    update: Mapping[str, Any],
    confirmed: int = 0,
) -> DuplicateWrite | None:
    """Write the changes once; return a question if the same was written a moment ago."""

    async def perform() -> str:
        await context.records.update(record, update)
        return ""

    intent = build_intent(request, "process.update", record.handle, update, confirmed)
    outcome = await context.writes.run(intent, perform)
    return outcome if isinstance(outcome, DuplicateWrite) else None


def build_intent(
    request: ActionRequest | SubmitRequest,
    verb: str,
    subject: str,
    content: Mapping[str, object],
    confirmed: int = 0,
) -> WriteIntent:
    """Return the write of a press; ``confirmed`` is the write that it deliberately repeats."""
    state = request.state if isinstance(request, SubmitRequest) else {}
    return WriteIntent(
        key=request.interaction_key,
        member=request.actor.id,
        verb=verb,
        subject=subject,
        content=content,
        confirmed_id=confirmed or read_confirmed_id(state),
    )


def build_form_state(record: Record) -> dict[str, str]:
    """Return a form's state: the record, and its fingerprint."""
    return {"record": record.handle, VERSION: editor.compute_version(record.process)}


def is_current(request: SubmitRequest, record: Record) -> bool:
    """Return whether the record is still as the form showed it."""
    return request.state.get(VERSION) == editor.compute_version(record.process)
