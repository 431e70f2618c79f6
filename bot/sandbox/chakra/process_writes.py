"""Create, update and delete one process; ``bulk.py`` does it for many."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.bulk_rows import BulkRowFactory
from bot.sandbox.chakra.processes import LEAD_PROCEDURE, PRIMARY_KEY, ProcessesResource, ProcessJson
from bot.sandbox.chakra.team import EmbeddedTeam

ROOT = "/v1/ext/procedure/{procedureShortId}/process"
BY_KEY = ROOT + "/{primaryKeyShortId}/{primaryKeyValue:path}"


class ProcessWritesResource:
    """``answers_empty``: a response is ``{}``, as in the documented examples, without the process.

    That a response has the process is INFERRED from the envelope of the other endpoints.
    """

    def __init__(
        self,
        processes: ProcessesResource,
        rows: BulkRowFactory,
        team: EmbeddedTeam,
        clock: Clock,
    ) -> None:
        self.answers_empty = False
        self._processes = processes
        self._rows = rows
        self._team = team
        self._clock = clock

    def omit_times(self) -> None:
        """Leave the times out of fetched processes from now on."""
        self._processes.omits_times = True

    def find(self, key: str) -> ProcessJson:
        """Return the process with this primary key, deleted or not. Raise ``KeyError``."""
        found = self._processes.find_by_key(PRIMARY_KEY, key)
        if found is None:
            raise KeyError(key)
        return found

    def change(self, key: str, **data: object) -> None:
        """Change attributes of a process, as a colleague does in the dashboard."""
        self._rows.update(PRIMARY_KEY, key, {"data": data}, self._get_now() + 1)

    def delete(self, key: str) -> None:
        """Delete a process, as a colleague does in the dashboard."""
        self._rows.update(PRIMARY_KEY, key, {"isDeleted": True}, self._get_now() + 1)

    def assign(self, key: str, username: str) -> None:
        """Give a process to another user, as a colleague does in the dashboard."""
        self._rows.update(PRIMARY_KEY, key, {"assignedTo": username}, self._get_now() + 1)

    def set_next_action(self, key: str, milliseconds: int) -> None:
        """Set the next action of a process, as a colleague does in the dashboard."""
        update = {"nextActionAt": milliseconds}
        self._rows.update(PRIMARY_KEY, key, update, self._get_now() + 1)

    def build_routes(self) -> list[Route]:
        return [
            Route(ROOT, self._create, methods=["POST"]),
            Route(ROOT + "/{processId}", self._update, methods=["PUT"]),
            Route(ROOT + "/{processId}", self._delete, methods=["DELETE"]),
            Route(BY_KEY, self._update, methods=["PUT"]),
            Route(BY_KEY, self._delete, methods=["DELETE"]),
        ]

    async def _create(self, request: Request) -> Response:
        procedure = self._require_procedure(request)
        row = await envelope.read_json_object(request)
        return self._respond(self._rows.create(procedure, row, self._get_now()))

    async def _update(self, request: Request) -> Response:
        key, value = self._locate(request)
        update = await envelope.read_json_object(request)
        if "isDeleted" in update:
            raise envelope.RequestError(400, "isDeleted is not a field of a process")
        return self._respond(self._rows.update(key, value, update, self._get_now()))

    async def _delete(self, request: Request) -> Response:
        key, value = self._locate(request)
        return self._respond(self._rows.update(key, value, {"isDeleted": True}, self._get_now()))

    def _locate(self, request: Request) -> tuple[str, str]:
        self._require_procedure(request)
        path = request.path_params
        if "processId" in path:
            return "id", path["processId"]
        if path["primaryKeyShortId"] != PRIMARY_KEY:
            name = path["primaryKeyShortId"]
            raise envelope.RequestError(400, f"{name} is not the primary key of {LEAD_PROCEDURE}")
        return PRIMARY_KEY, path["primaryKeyValue"]

    def _require_procedure(self, request: Request) -> str:
        name = request.path_params["procedureShortId"]
        for procedure in self._team.procedures:
            if procedure.short_id == LEAD_PROCEDURE == name:
                return procedure.id
        raise envelope.RequestError(404, f"Procedure {name} not found")

    def _respond(self, process: ProcessJson) -> Response:
        if self.answers_empty:
            return JSONResponse({})
        return envelope.build_data_response(dict(process))

    def _get_now(self) -> int:
        return int(self._clock.time() * 1000)
