"""The team's processes, its leads: fetch by ID, and list by a query.

``bulk.py`` creates and changes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.many_leads import ManyLeads
from bot.sandbox.chakra.query import matches
from bot.sandbox.chakra.team import EmbeddedTeam
from bot.sandbox.chakra.user import is_uuid

SEED_PATH = Path(__file__).with_name("leads.json")
LEAD_PROCEDURE = "lead"
PRIMARY_KEY = "lead_id"
PHONE_ATTRIBUTE = "phone_number"
COUNTRY_CODE = "91"
NATIONAL_NUMBER_LENGTH = 10
"""A number of this length has no country code, like the documented lead's. That Chakra then adds
the team's is INFERRED."""
DEFAULT_LIMIT = 10
MAX_LIMIT = 100

ProcessJson = Mapping[str, Any]


def load_leads(team: EmbeddedTeam) -> tuple[ProcessJson, ...]:
    """Return the seed as the API shows it."""
    procedure = next(
        procedure.id for procedure in team.procedures if procedure.short_id == LEAD_PROCEDURE
    )
    rows = json.loads(SEED_PATH.read_bytes())
    return tuple({**row, "procedure": procedure, "team": team.team.id} for row in rows)


class ProcessesResource:
    """The processes, all leads: Config knows no other procedure.

    ``settle`` processes due job entries before each read.
    """

    def __init__(
        self, leads: tuple[ProcessJson, ...], advance_jobs: Callable[[], None] = lambda: None
    ) -> None:
        self._by_id: dict[str, ProcessJson] = {}
        self._ids_by_primary_key: dict[object, str] = {}
        self._advance_jobs = advance_jobs
        self._many: ManyLeads | None = None
        self.omits_times = False
        """Whether responses lack ``createdAt`` and ``updatedAt``: whether they have is INFERRED."""
        for lead in leads:
            self.save(lead)

    @property
    def processes(self) -> Mapping[str, ProcessJson]:
        """All processes by ID."""
        self._advance_jobs()
        return self._by_id

    def find_by_key(self, key: str, value: Any) -> ProcessJson | None:
        """Return the process whose ID or primary key is ``value``, without settling jobs."""
        if not isinstance(value, str | int):
            return None
        if key == "id":
            return self._by_id.get(str(value).lower())
        found = self._by_id.get(self._ids_by_primary_key.get(value, ""))
        return found if found is not None and found["data"].get(PRIMARY_KEY) == value else None

    def save(self, process: ProcessJson) -> None:
        """Store a new or changed process."""
        self._by_id[process["id"]] = process
        self._ids_by_primary_key[process["data"].get(PRIMARY_KEY)] = process["id"]

    def add(
        self,
        key: str,
        data: Mapping[str, Any],
        *,
        is_deleted: bool = False,
        is_first: bool = False,
    ) -> str:
        """Store a new lead with these attributes, ``is_first`` in lists; return its ID."""
        usual = next(iter(self._by_id.values()))
        lead_id = str(uuid4())
        lead = {
            **usual,
            "id": lead_id,
            "isDeleted": is_deleted,
            "data": {PRIMARY_KEY: key, **data},
            "record": {"data": {}},
        }
        self.save(lead)
        if is_first:
            self._by_id = {lead_id: lead, **self._by_id}
        return lead_id

    def add_many(self, count: int) -> None:
        """List ``count`` more leads after the others. They can be listed, but not changed."""
        self._many = ManyLeads(count, next(iter(self._by_id.values())))

    def change_primary_key(self, key: str, new_key: str) -> None:
        """Give the process with this primary key another one."""
        process = self._by_id[self._ids_by_primary_key.pop(key)]
        self.save({**process, "data": {**process["data"], PRIMARY_KEY: new_key}})

    def build_routes(self) -> list[Route]:
        above = "/v1/ext/procedure/{procedureShortId}/process"
        return [
            Route(above + "/list", self._list, methods=["POST"]),
            Route(above + "/{processId}", self._fetch, methods=["GET"]),
        ]

    def get(self, procedure: str, key: str) -> ProcessJson:
        """Return the process by ID or primary key. Raise ``RequestError`` if there is none."""
        _check_procedure(procedure)
        for process in self.processes.values():
            keys = (process["id"], process["data"].get(PRIMARY_KEY))
            if key in keys and not process["isDeleted"]:
                return process
        raise envelope.RequestError(404, "Process not found")

    def find_phone_number(self, process: ProcessJson) -> str:
        """Return its digits with the country code, or ""."""
        for place in (process["data"], process["record"]["data"]):
            digits = "".join(filter(str.isdecimal, str(place.get(PHONE_ATTRIBUTE) or "")))
            if digits:
                return COUNTRY_CODE + digits if len(digits) == NATIONAL_NUMBER_LENGTH else digits
        return ""

    def find_id_by_phone(self, number: str) -> str:
        """Return the ID of the process with this number, or ""."""
        found = (
            key
            for key, process in self.processes.items()
            if self.find_phone_number(process) == number
        )
        return next(found, "")

    async def _fetch(self, request: Request) -> Response:
        """Fetch by ID only: whether a primary key would work is UNKNOWN."""
        _check_procedure(request.path_params["procedureShortId"])
        process_id = request.path_params["processId"]
        if not is_uuid(process_id):
            raise envelope.RequestError(400, "processId is not a valid UUID")
        process = self.processes.get(process_id.lower())
        if process is None:
            raise envelope.RequestError(404, "Process not found")
        return envelope.build_data_response(self._show(process))

    def _show(self, process: ProcessJson) -> dict[str, Any]:
        hidden = {"createdAt", "updatedAt"} if self.omits_times else set()
        return {key: value for key, value in process.items() if key not in hidden}

    async def _list(self, request: Request) -> Response:
        """List in the order of the seed, deleted ones included: the real order is UNKNOWN."""
        _check_procedure(request.path_params["procedureShortId"])
        body = await envelope.read_json_object(request)
        skip = _read_integer_field(body, "skip", 0, 10**9)
        limit = _read_integer_field(body, "limit", DEFAULT_LIMIT, MAX_LIMIT)
        where = body.get("where", {})
        found = [process for process in self.processes.values() if matches(where, process)]
        items, total = found[skip : skip + limit], len(found)
        if self._many is not None:
            numbers = self._many.find(where)
            start, end = max(0, skip - total), max(0, skip + limit - total)
            items += [self._many.build(number) for number in numbers[start:end]]
            total += len(numbers)
        more = total > skip + limit
        return envelope.build_data_response(
            [dict(process) for process in items], meta={"hasMore": more}
        )


def _check_procedure(procedure: str) -> None:
    if procedure != LEAD_PROCEDURE:
        raise envelope.RequestError(404, f"Procedure {procedure} not found")


def _read_integer_field(body: Mapping[str, Any], name: str, usual: int, most: int) -> int:
    value = body.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise envelope.RequestError(400, f"{name} is not a whole number from 0 to {most}")
    return value
