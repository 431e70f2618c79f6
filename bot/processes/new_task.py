"""Read the submitted form of a new task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from bot.chakra.fields import move_to_zone
from bot.errors import UsageError
from bot.processes.editor import FIELD_PREFIX, InvalidFields
from bot.processes.moment_words import FoundMoment, read_moment
from bot.processes.query_schema import read_value
from bot.processes.record_query import QueryField, ValueType
from bot.processes.search import STATUSES
from bot.processes.task_form import (
    KIND,
    MAX_FIELDS,
    MOMENT_HINT,
    NEXT_ACTION,
    STATUS,
    WHEN,
    describe_when,
    find_task_type,
    needs_when,
)
from bot.processes.task_type import TaskType, format_due
from bot.slack.commands.tokens import Token


@dataclass(frozen=True, slots=True)
class NewTask:
    """The write of a form: ``body`` is the task's, ``shown`` its description for people.

    ``next_action`` is the record's next action if that is to be changed too.
    """

    type: TaskType
    body: Mapping[str, Any] = field(repr=False)
    shown: tuple[tuple[str, str], ...] = field(repr=False)
    next_action: datetime | None = None


def read_form(
    types: Sequence[TaskType], values: Mapping[str, str], username: str, now: datetime
) -> NewTask:
    """Return the task of a submitted form; ``now`` is in the person's zone.

    Raise `InvalidFields`.
    """
    errors: dict[str, str] = {}
    name = values.get(KIND, "").strip()
    kind = find_task_type(types, name) or (TaskType(name, name) if name and not types else None)
    if kind is None:
        raise InvalidFields({KIND: "Choose a task."})
    data, shown = _read_fields(kind, values, now, errors)
    next_action = _read_next_action(kind, values, data, now, errors)
    if errors:
        raise InvalidFields(errors)
    status = values.get(STATUS) or STATUSES[0]
    body: dict[str, Any] = {"data": data} if data else {}
    body["status"] = status
    if username:
        body["assignedTo"] = username
    shown.append(("Status", status.capitalize()))
    if username:
        shown.append(("Assigned to", username))
    return NewTask(kind, body, tuple(shown), next_action)


def _read_fields(
    kind: TaskType, values: Mapping[str, str], now: datetime, errors: dict[str, str]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    data: dict[str, Any] = {}
    shown: list[tuple[str, str]] = []
    for known in kind.fields[:MAX_FIELDS]:
        block_id = f"{FIELD_PREFIX}{known.name}"
        entered = values.get(block_id, "").strip()
        if not entered:
            continue
        try:
            data[known.name] = _read_value(known, entered, now)
        except UsageError as error:
            errors[block_id] = error.message
            continue
        shown.append((known.label, _show_value(known, data[known.name])))
    return data, shown


def _show_value(known: QueryField, value: Any) -> str:
    """Return a value for a sentence: ``1 December 2026 at 10:00``."""
    if known.type not in (ValueType.DATE, ValueType.TIME):
        return str(value)
    moment = datetime.fromisoformat(value)
    clock = f" at {moment:%H:%M}" if known.type is ValueType.TIME else ""
    return f"{moment.day} {moment:%B %Y}{clock}"


def _read_value(known: QueryField, entered: str, now: datetime) -> Any:
    """Return a value as the field stores it. Raise ``UsageError``."""
    if known.type is ValueType.DATE:
        return _read_day(known, entered, now).isoformat()
    if known.type is ValueType.TIME:
        return format_due(known, read_time(entered, now))
    if known.type in (ValueType.NUMBER, ValueType.BOOLEAN):
        return read_value(known, Token(entered))
    return entered


def _read_day(known: QueryField, entered: str, now: datetime) -> date:
    try:
        return date.fromisoformat(entered)
    except ValueError:
        pass
    moment = _read_words(entered, now)
    if moment.time is not None or moment.day is None:
        raise UsageError(f"{known.label} takes a day, without a time.")
    return moment.day


def read_time(entered: str, now: datetime) -> datetime:
    """Return the moment that a text means. Raise ``UsageError``."""
    if "T" in entered or ":" in entered:
        try:
            exact = datetime.fromisoformat(entered)
        except ValueError:
            pass
        else:
            zone = now.tzinfo or UTC
            return move_to_zone(exact, zone) if exact.tzinfo else exact.replace(tzinfo=zone)
    moment = _read_words(entered, now)
    found = moment.resolve(now)
    if found is None:
        raise UsageError(f'Add the time to "{entered}", such as tomorrow 10am.')
    return found


def _read_words(entered: str, now: datetime) -> FoundMoment:
    moment = read_moment(entered, now)
    if moment is None:
        raise UsageError(f'"{entered[:80]}" is not a time. {MOMENT_HINT}')
    if moment.problem:
        raise UsageError(moment.problem)
    return moment


def _read_next_action(
    kind: TaskType,
    values: Mapping[str, str],
    data: Mapping[str, Any],
    now: datetime,
    errors: dict[str, str],
) -> datetime | None:
    """Return the record's new next action, None if it stays as it is."""
    is_ticked, typed = bool(values.get(NEXT_ACTION)), values.get(WHEN, "").strip()
    if needs_when(kind):
        block_id = WHEN
        if typed and not is_ticked:
            errors[WHEN] = (
                f"{describe_when(kind)} Tick the box below to set it, or empty this field."
            )
            return None
    else:
        block_id = f"{FIELD_PREFIX}{kind.due.name}" if kind.due else WHEN
        typed = str(data.get(kind.due.name, "")) if kind.due else ""
    if not is_ticked or block_id in errors:
        return None
    if not typed:
        errors[block_id] = "Enter the day and the time of the next action."
        return None
    try:
        moment = read_time(typed, now)
    except UsageError as error:
        errors[block_id] = error.message
        return None
    if moment <= now:
        errors[block_id] = "That's in the past. Write a future time, such as tomorrow 10am."
    return moment
