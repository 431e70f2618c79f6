"""One row of a bulk request: why it is rejected, or what happens when it is processed.

The rules are INFERRED from the examples, or guesses, and the stricter ones. An error visible in the
row alone makes it INVALID; one found during processing makes it ERROR.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

from bot.sandbox.chakra.job import ERROR, SUCCESS, Entry, Fate
from bot.sandbox.chakra.people import is_uuid
from bot.sandbox.chakra.processes import PRIMARY_KEY, Process, ProcessesResource
from bot.sandbox.chakra.team import Team

STATUSES = frozenset({"OPEN", "COMPLETED", "CANCELLED"})
STATES = frozenset({"NEW", "IN_PROGRESS", "CONVERTED", "NOT_INTERESTED"})
"""States of a lead seen in examples. Config's own list of them is UNKNOWN."""

ROOT = ("state", "status", "assignedTo", "nextActionAt")
CREATED = frozenset({PRIMARY_KEY, "data", "record", *ROOT})
CHANGED = frozenset({"data", "isDeleted", *ROOT})
NAMES = ("name", "firstname", "lastname", PRIMARY_KEY)
"""One of them is required: a lead without a name or key can't be found again. A guess; the
documentation says that all attributes of a lead are optional."""

FORMS: Mapping[str, re.Pattern[str]] = {
    "phone_number": re.compile(r"[1-9][0-9]{6,14}"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
}
"""By attribute type. Phone numbers are digits only, without a plus: documented."""
NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
MOMENT = re.compile(r"[0-9]{1,13}")
"""Milliseconds: a number on one documentation page, a string on another."""

LONGEST = 4096
"""Characters of a text value: a guess."""


class Rows:
    """Checks and applies rows; ``knows`` recognizes the team's usernames and email addresses."""

    def __init__(
        self, processes: ProcessesResource, team: Team, knows: Callable[[str], bool]
    ) -> None:
        self._processes = processes
        self._team = team
        self._knows = knows
        types = {one.id: one.short_id for one in team.attribute_types}
        self._types = {one.short_id: types[one.attribute_type] for one in team.attributes}

    def created(self, procedure: str, row: Mapping[str, Any]) -> Entry:
        problems = self._problems_of_new(row)
        made = _as_process(row, procedure=procedure, team=self._team.team.id)
        return _entry(problems, lambda moment: self._create(made, moment))

    def changed(self, key: str, value: Any, update: Any) -> Entry:
        """Update the process whose ``key`` (its ID or primary key) is ``value``."""
        process = self._processes.known(key, value)
        problems = self._problems_of_change(key, value, process, update)
        process_id = process["id"] if process else ""
        return _entry(problems, lambda moment: self._change(process_id, update, moment))

    def _problems_of_new(self, row: Mapping[str, Any]) -> Iterator[str]:
        yield from _strangers(row, CREATED)
        record = row.get("record", {})
        if not isinstance(record, dict) or set(record) - {"data"}:
            yield "record is not valid"
            return
        data = {**_primary_key(row), **_dict(row.get("data"))}
        if not any(data.get(name) for name in NAMES):
            yield "name is required"
        yield from self._problems_of_data(row.get("data", {}))
        yield from self._problems_of_data(record.get("data", {}))
        yield from self._problems_of_data(_primary_key(row))
        yield from _problems_of_root(row)

    def _problems_of_change(
        self, key: str, value: Any, process: Process | None, update: Any
    ) -> Iterator[str]:
        if key == "id" and not (isinstance(value, str) and is_uuid(value)):
            yield "id is not a valid UUID"
        if process is None or process["isDeleted"]:
            yield "Process not found"
        if not isinstance(update, dict) or not update:
            yield "update is empty"
            return
        yield from _strangers(update, CHANGED)
        yield from self._problems_of_data(update.get("data", {}))
        yield from _problems_of_root(update)
        if not isinstance(update.get("isDeleted", False), bool):
            yield "isDeleted is not valid"

    def _problems_of_data(self, data: Any) -> Iterator[str]:
        if not isinstance(data, dict):
            yield "data is not an object"
            return
        for name, value in data.items():
            kind = self._types.get(name)
            if kind is None:
                yield f"Attribute {name} not found"
            elif not _written(value):
                yield f"Attribute {name} is not valid"
            elif kind in FORMS and not FORMS[kind].fullmatch(str(value)):
                yield f"Attribute {name} is not valid: {value}"

    def _create(self, made: dict[str, Any], moment: int) -> Fate:
        key = made["data"].get(PRIMARY_KEY)
        if key is not None and self._processes.known(PRIMARY_KEY, key) is not None:
            return Fate(ERROR, f"Process with {PRIMARY_KEY} {key} already exists")
        problem = next(self._problems_when_tried(made), None)
        if problem is not None:
            return Fate(ERROR, problem)
        self._processes.put({**made, "createdAt": moment, "updatedAt": moment})
        return Fate(SUCCESS)

    def _change(self, process_id: str, update: Mapping[str, Any], moment: int) -> Fate:
        process = self._processes.known("id", process_id)
        if process is None or process["isDeleted"]:
            return Fate(ERROR, "Process not found")
        problem = next(self._problems_when_tried(update), None)
        if problem is not None:
            return Fate(ERROR, problem)
        self._processes.put(_merged(process, update, moment))
        return Fate(SUCCESS)

    def _problems_when_tried(self, written: Mapping[str, Any]) -> Iterator[str]:
        for place in (_dict(written.get("data")), _dict(_dict(written.get("record")).get("data"))):
            for name, value in place.items():
                if self._types[name] == "number" and not NUMBER.fullmatch(str(value)):
                    yield f"Attribute {name} is not valid"
        if "state" in written and written["state"] not in STATES:
            yield f"State {written['state']} not found"
        assignee = written.get("assignedTo")
        if assignee and not self._knows(assignee):
            yield f"User {assignee} not found"


def _entry(problems: Iterator[str], work: Callable[[int], Fate]) -> Entry:
    return Entry(str(uuid4()), work, rejected=next(problems, ""))


def _strangers(row: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    yield from (f"{name} is not a field of a process" for name in row if name not in known)


def _problems_of_root(row: Mapping[str, Any]) -> Iterator[str]:
    for name in ("state", "status", "assignedTo"):
        if name in row and (not isinstance(row[name], str) or not row[name]):
            yield f"{name} is not valid"
    if "status" in row and row["status"] not in STATUSES:
        yield f"status is not one of {', '.join(sorted(STATUSES))}"
    # True is an int in Python, but no digit.
    if not MOMENT.fullmatch(str(row.get("nextActionAt", 0))):
        yield "nextActionAt is not valid"


def _written(value: Any) -> bool:
    """Return whether the value is a string, a number or a boolean.

    Whether null clears an attribute is UNKNOWN: it is refused.
    """
    if isinstance(value, str):
        return len(value) <= LONGEST
    return isinstance(value, int | float)


def _as_process(row: Mapping[str, Any], *, procedure: str, team: str) -> dict[str, Any]:
    """Return the new process in the order of the documented keys, with a new lead's defaults."""
    return {
        "id": str(uuid4()),
        "createdAt": 0,
        "updatedAt": 0,
        "state": row.get("state", "NEW"),
        "status": row.get("status", "OPEN"),
        "assignedTo": row.get("assignedTo", ""),
        "nextActionAt": _moment(row),
        "isDeleted": False,
        "data": {**_primary_key(row), **_dict(row.get("data"))},
        "record": {"data": dict(_dict(_dict(row.get("record")).get("data")))},
        "procedure": procedure,
        "team": team,
    }


def _merged(process: Process, update: Mapping[str, Any], moment: int) -> dict[str, Any]:
    """Return the process with the update applied, on its record if the attribute is there."""
    data, record = dict(process["data"]), dict(process["record"]["data"])
    for name, value in _dict(update.get("data")).items():
        place = record if name in record and name not in data else data
        place[name] = value
    root = {name: update[name] for name in (*ROOT, "isDeleted") if name in update}
    if "nextActionAt" in root:
        root["nextActionAt"] = _moment(root)
    return {**process, **root, "updatedAt": moment, "data": data, "record": {"data": record}}


def _moment(row: Mapping[str, Any]) -> int:
    """Return the time in milliseconds, or 0 for an invalid one, which makes the row INVALID."""
    written = str(row.get("nextActionAt", 0))
    return int(written) if MOMENT.fullmatch(written) else 0


def _primary_key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {PRIMARY_KEY: row[PRIMARY_KEY]} if PRIMARY_KEY in row else {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
