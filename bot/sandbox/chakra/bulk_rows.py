"""One row of a bulk request: why it is rejected, or what happens when it is processed.

The rules are INFERRED from the examples, or guesses, and the stricter ones. An error visible in the
row alone makes it INVALID; one found during processing makes it ERROR.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

from bot.sandbox.chakra.envelope import RequestError
from bot.sandbox.chakra.job import ERROR, SUCCESS, EmbeddedJobEntry, RowOutcome
from bot.sandbox.chakra.processes import PRIMARY_KEY, ProcessesResource, ProcessJson
from bot.sandbox.chakra.team import EmbeddedTeam
from bot.sandbox.chakra.user import is_uuid

PROCESS_STATUSES = frozenset({"OPEN", "COMPLETED", "CANCELLED"})
LEAD_STATES = frozenset({"NEW", "IN_PROGRESS", "CONVERTED", "NOT_INTERESTED"})
"""States of a lead seen in examples. Config's own list of them is UNKNOWN."""

ROOT_FIELDS = ("state", "status", "assignedTo", "nextActionAt")
CREATE_FIELDS = frozenset({PRIMARY_KEY, "data", "record", *ROOT_FIELDS})
UPDATE_FIELDS = frozenset({"data", "isDeleted", *ROOT_FIELDS})
NAME_ATTRIBUTES = ("name", "firstname", "lastname", PRIMARY_KEY)
"""One of them is required: a lead without a name or key can't be found again. A guess; the
documentation says that all attributes of a lead are optional."""

ATTRIBUTE_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "phone_number": re.compile(r"[1-9][0-9]{6,14}"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
}
"""Attribute type -> pattern. Phone numbers are digits only, without a plus: documented."""
NUMBER_PATTERN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
TIMESTAMP_PATTERN = re.compile(r"[0-9]{1,13}")
"""Milliseconds: a number on one documentation page, a string on another."""

MAX_TEXT_LENGTH = 4096
"""Characters of a text value: a guess."""


class BulkRowFactory:
    """Checks and applies rows; ``knows`` recognizes the team's usernames and email addresses."""

    def __init__(
        self, processes: ProcessesResource, team: EmbeddedTeam, is_known_user: Callable[[str], bool]
    ) -> None:
        self._processes = processes
        self._team = team
        self._is_known_user = is_known_user
        types = {kind.id: kind.short_id for kind in team.attribute_types}
        self._attribute_types = {
            attribute.short_id: types[attribute.attribute_type] for attribute in team.attributes
        }

    def create_entry(self, procedure_id: str, row: Mapping[str, Any]) -> EmbeddedJobEntry:
        problems = self._check_create(row)
        made = _build_process(row, procedure=procedure_id, team=self._team.team.id)
        return _build_entry(problems, lambda moment: self._execute_create(made, moment))

    def update_entry(self, key: str, value: Any, update: Any) -> EmbeddedJobEntry:
        """Update the process whose ``key`` (its ID or primary key) is ``value``."""
        process = self._processes.find_by_key(key, value)
        problems = self._check_update(key, value, process, update)
        process_id = process["id"] if process else ""
        return _build_entry(
            problems, lambda moment: self._execute_update(process_id, update, moment)
        )

    def create(self, procedure_id: str, row: Mapping[str, Any], moment: int) -> ProcessJson:
        """Create a process immediately. Raise ``RequestError`` with the first problem."""
        _raise_problem(next(self._check_create(row), ""))
        made = _build_process(row, procedure=procedure_id, team=self._team.team.id)
        _raise_problem(self._execute_create(made, moment).reason)
        return self._processes.processes[made["id"]]

    def update(self, key: str, value: Any, update: Any, moment: int) -> ProcessJson:
        """Update a process immediately. Raise ``RequestError``."""
        process = self._processes.find_by_key(key, value)
        if process is None or process["isDeleted"]:
            raise RequestError(404, "Process not found")
        _raise_problem(next(self._check_update(key, value, process, update), ""))
        _raise_problem(self._execute_update(process["id"], update, moment).reason)
        return self._processes.processes[process["id"]]

    def _check_create(self, row: Mapping[str, Any]) -> Iterator[str]:
        yield from _iter_unknown_fields(row, CREATE_FIELDS)
        record = row.get("record", {})
        if not isinstance(record, dict) or set(record) - {"data"}:
            yield "record is not valid"
            return
        data = {**_find_primary_key(row), **_as_dict(row.get("data"))}
        if not any(data.get(name) for name in NAME_ATTRIBUTES):
            yield "name is required"
        yield from self._check_attributes(row.get("data", {}))
        yield from self._check_attributes(record.get("data", {}))
        yield from self._check_attributes(_find_primary_key(row))
        yield from _check_root_fields(row)

    def _check_update(
        self, key: str, value: Any, process: ProcessJson | None, update: Any
    ) -> Iterator[str]:
        if key == "id" and not (isinstance(value, str) and is_uuid(value)):
            yield "id is not a valid UUID"
        if process is None or process["isDeleted"]:
            yield "Process not found"
        if not isinstance(update, dict) or not update:
            yield "update is empty"
            return
        yield from _iter_unknown_fields(update, UPDATE_FIELDS)
        yield from self._check_attributes(update.get("data", {}))
        yield from _check_root_fields(update)
        if not isinstance(update.get("isDeleted", False), bool):
            yield "isDeleted is not valid"

    def _check_attributes(self, data: Any) -> Iterator[str]:
        if not isinstance(data, dict):
            yield "data is not an object"
            return
        for name, value in data.items():
            kind = self._attribute_types.get(name)
            if kind is None:
                yield f"Attribute {name} not found"
            elif not _is_valid_value(value):
                yield f"Attribute {name} is not valid"
            elif kind in ATTRIBUTE_PATTERNS and not ATTRIBUTE_PATTERNS[kind].fullmatch(str(value)):
                yield f"Attribute {name} is not valid: {value}"

    def _execute_create(self, made: dict[str, Any], moment: int) -> RowOutcome:
        key = made["data"].get(PRIMARY_KEY)
        if key is not None and self._processes.find_by_key(PRIMARY_KEY, key) is not None:
            return RowOutcome(ERROR, f"Process with {PRIMARY_KEY} {key} already exists")
        problem = next(self._check_on_execution(made), None)
        if problem is not None:
            return RowOutcome(ERROR, problem)
        self._processes.save({**made, "createdAt": moment, "updatedAt": moment})
        return RowOutcome(SUCCESS)

    def _execute_update(
        self, process_id: str, update: Mapping[str, Any], moment: int
    ) -> RowOutcome:
        process = self._processes.find_by_key("id", process_id)
        if process is None or process["isDeleted"]:
            return RowOutcome(ERROR, "Process not found")
        problem = next(self._check_on_execution(update), None)
        if problem is not None:
            return RowOutcome(ERROR, problem)
        self._processes.save(_apply_update(process, update, moment))
        return RowOutcome(SUCCESS)

    def _check_on_execution(self, row: Mapping[str, Any]) -> Iterator[str]:
        for place in (_as_dict(row.get("data")), _as_dict(_as_dict(row.get("record")).get("data"))):
            for name, value in place.items():
                if self._attribute_types[name] == "number" and not NUMBER_PATTERN.fullmatch(
                    str(value)
                ):
                    yield f"Attribute {name} is not valid"
        if "state" in row and row["state"] not in LEAD_STATES:
            yield f"State {row['state']} not found"
        assignee = row.get("assignedTo")
        if assignee and not self._is_known_user(assignee):
            yield f"User {assignee} not found"


def _build_entry(problems: Iterator[str], action: Callable[[int], RowOutcome]) -> EmbeddedJobEntry:
    return EmbeddedJobEntry(str(uuid4()), action, rejection_reason=next(problems, ""))


def _raise_problem(reason: str | None) -> None:
    if reason:
        raise RequestError(400, reason)


def _iter_unknown_fields(row: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    yield from (f"{name} is not a field of a process" for name in row if name not in known)


def _check_root_fields(row: Mapping[str, Any]) -> Iterator[str]:
    for name in ("state", "status", "assignedTo"):
        if name in row and (not isinstance(row[name], str) or not row[name]):
            yield f"{name} is not valid"
    if "status" in row and row["status"] not in PROCESS_STATUSES:
        yield f"status is not one of {', '.join(sorted(PROCESS_STATUSES))}"
    # True is an int in Python, but not a digit.
    if not TIMESTAMP_PATTERN.fullmatch(str(row.get("nextActionAt", 0))):
        yield "nextActionAt is not valid"


def _is_valid_value(value: Any) -> bool:
    """Return whether the value is a string, a number or a boolean.

    Whether null clears an attribute is UNKNOWN: it is refused.
    """
    if isinstance(value, str):
        return len(value) <= MAX_TEXT_LENGTH
    return isinstance(value, int | float)


def _build_process(row: Mapping[str, Any], *, procedure: str, team: str) -> dict[str, Any]:
    """Return the new process in the order of the documented keys, with a new lead's defaults."""
    return {
        "id": str(uuid4()),
        "createdAt": 0,
        "updatedAt": 0,
        "state": row.get("state", "NEW"),
        "status": row.get("status", "OPEN"),
        "assignedTo": row.get("assignedTo", ""),
        "nextActionAt": _parse_next_action_at(row),
        "isDeleted": False,
        "data": {**_find_primary_key(row), **_as_dict(row.get("data"))},
        "record": {"data": dict(_as_dict(_as_dict(row.get("record")).get("data")))},
        "procedure": procedure,
        "team": team,
    }


def _apply_update(process: ProcessJson, update: Mapping[str, Any], moment: int) -> dict[str, Any]:
    """Return the process with the update applied, on its record if the attribute is there."""
    data, record = dict(process["data"]), dict(process["record"]["data"])
    for name, value in _as_dict(update.get("data")).items():
        place = record if name in record and name not in data else data
        place[name] = value
    root = {name: update[name] for name in (*ROOT_FIELDS, "isDeleted") if name in update}
    if "nextActionAt" in root:
        root["nextActionAt"] = _parse_next_action_at(root)
    return {**process, **root, "updatedAt": moment, "data": data, "record": {"data": record}}


def _parse_next_action_at(row: Mapping[str, Any]) -> int:
    """Return the time in milliseconds, or 0 for an invalid one, which makes the row INVALID."""
    written = str(row.get("nextActionAt", 0))
    return int(written) if TIMESTAMP_PATTERN.fullmatch(written) else 0


def _find_primary_key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {PRIMARY_KEY: row[PRIMARY_KEY]} if PRIMARY_KEY in row else {}


def _as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
