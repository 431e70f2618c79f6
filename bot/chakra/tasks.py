"""The task endpoint: a task of a process (API.md, Processes)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.chakra.fields import to_text
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.http import Http

TASK_PATH = "/v1/ext/p/{procedureShortId}/{processIdOrPrimaryKey}/task/{stateTaskShortId}"
HTTP_NO_CONTENT = 204


@dataclass(frozen=True)
class CreatedTask:
    """Chakra's response: all of it is UNKNOWN, so ``raw`` has its keys unchanged."""

    id: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


class TasksApi:
    def __init__(self, http: Http) -> None:
        self._http = http

    async def create(
        self, procedure: str, key: str, kind: str, task: Mapping[str, Any]
    ) -> CreatedTask:
        """Create a task and return Chakra's response. CONFIRMED; the response is UNKNOWN.

        ``key`` is the UUID or primary key of the process, ``kind`` the short ID of a state task.
        ``task`` has any of ``data``, ``status`` and ``assignedTo`` (a username). The write is not
        retried once it may have arrived: raise ``OutcomeUnknown``. Raise the errors of
        ``Http.write``.
        """
        path_parameters = {
            "procedureShortId": procedure,
            "processIdOrPrimaryKey": key,
            "stateTaskShortId": kind,
        }
        response = await self._http.write("POST", TASK_PATH, path_parameters, body=dict(task))
        if response.status == HTTP_NO_CONTENT:
            return CreatedTask()
        body = parse_envelope(response).body
        data = body.get("_data", body)
        raw = data if isinstance(data, Mapping) else {"_data": data} if data else {}
        return CreatedTask(to_text(raw.get("id")), raw)
