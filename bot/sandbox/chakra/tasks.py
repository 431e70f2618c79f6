"""``POST /v1/ext/p/…/task/…``: create a task for a process.

What the real one refuses is UNKNOWN; the rules here are those of a process, the stricter choice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.bulk_rows import (
    ATTRIBUTE_PATTERNS,
    MAX_TEXT_LENGTH,
    NUMBER_PATTERN,
    PROCESS_STATUSES,
)
from bot.sandbox.chakra.processes import ProcessesResource
from bot.sandbox.chakra.team import ConfigStateTask, EmbeddedTeam

FIELDS = frozenset({"data", "status", "assignedTo"})
"""The documented fields of the body."""
PATTERNS: Mapping[str, re.Pattern[str]] = {
    **ATTRIBUTE_PATTERNS,
    "number": NUMBER_PATTERN,
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "datetime": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?"),
}
"""Attribute type -> pattern. The form of a time is that of the documented example."""

TaskJson = Mapping[str, Any]


class TasksResource:
    """``answers_empty``: the response is ``{}``, as that of a process in the documentation."""

    def __init__(
        self,
        processes: ProcessesResource,
        team: EmbeddedTeam,
        is_known_user: Callable[[str], bool],
        clock: Clock,
    ) -> None:
        self.answers_empty = False
        self.created: list[TaskJson] = []
        self._processes = processes
        self._team = team
        self._is_known_user = is_known_user
        self._clock = clock
        self._types = {kind.id: kind.short_id for kind in team.attribute_types}

    def build_routes(self) -> list[Route]:
        path = "/v1/ext/p/{procedureShortId}/{processIdOrPrimaryKey:path}/task/{stateTaskShortId}"
        return [Route(path, self._create, methods=["POST"])]

    async def _create(self, request: Request) -> Response:
        path = request.path_params
        process = self._processes.get(path["procedureShortId"], path["processIdOrPrimaryKey"])
        kind = self._find_kind(path["stateTaskShortId"], process["procedure"])
        body = await envelope.read_json_object(request)
        self._check(kind, body)
        now = int(self._clock.time() * 1000)
        task = {
            "id": str(uuid4()),
            "createdAt": now,
            "updatedAt": now,
            "status": body.get("status", "OPEN"),
            "assignedTo": body.get("assignedTo", process["assignedTo"]),
            "data": body.get("data", {}),
            "process": process["id"],
            "stateTask": kind.id,
        }
        self.created.append(task)
        return JSONResponse({}) if self.answers_empty else envelope.build_data_response(task)

    def _find_kind(self, short_id: str, procedure: str) -> ConfigStateTask:
        for kind in self._team.state_tasks:
            if kind.short_id == short_id and kind.procedure == procedure:
                return kind
        raise envelope.RequestError(404, f"Task {short_id} not found")

    def _check(self, kind: ConfigStateTask, body: Mapping[str, Any]) -> None:
        """Raise ``RequestError`` (400) with the first problem."""
        for name in body:
            _require(name in FIELDS, f"{name} is not a field of a task")
        status, assignee = body.get("status", "OPEN"), body.get("assignedTo")
        known = ", ".join(sorted(PROCESS_STATUSES))
        _require(status in PROCESS_STATUSES, f"status is not one of {known}")
        if assignee is not None:
            is_known = isinstance(assignee, str) and self._is_known_user(assignee)
            _require(is_known, f"User {assignee} not found")
        data = body.get("data", {})
        _require(isinstance(data, dict), "data is not an object")
        types = {
            attribute.short_id: self._types[attribute.attribute_type]
            for attribute in self._team.task_attributes
            if attribute.task_type == kind.task_type
        }
        for name, value in data.items():
            _require(name in types, f"Attribute {name} not found")
            is_scalar = isinstance(value, str | int | float) and len(str(value)) <= MAX_TEXT_LENGTH
            _require(is_scalar, f"Attribute {name} is not valid")
            pattern = PATTERNS.get(types[name])
            is_valid = pattern is None or pattern.fullmatch(str(value))
            _require(bool(is_valid), f"Attribute {name} is not valid: {value}")


def _require(is_met: bool, problem: str) -> None:
    if not is_met:
        raise envelope.RequestError(400, problem)
