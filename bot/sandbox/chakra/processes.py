"""The team's processes, its leads: fetch by ID, and list by a query.

``bulk.py`` creates and changes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.people import is_uuid
from bot.sandbox.chakra.query import matches
from bot.sandbox.chakra.team import Team

SEED = Path(__file__).with_name("leads.json")
LEAD = "lead"
PRIMARY_KEY = "lead_id"
PHONE = "phone_number"
COUNTRY = "91"
NATIONAL_DIGITS = 10
"""A number of this length has no country code, like the documented lead's. That Chakra then adds
the team's is INFERRED."""
DEFAULT_LIMIT = 10
MOST = 100

Process = Mapping[str, Any]


def read_leads(team: Team) -> tuple[Process, ...]:
    """Return the seed as the API shows it."""
    procedure = next(one.id for one in team.procedures if one.short_id == LEAD)
    rows = json.loads(SEED.read_bytes())
    return tuple({**row, "procedure": procedure, "team": team.team.id} for row in rows)


class ProcessesResource:
    """The processes, all leads: Config knows no other procedure.

    ``settle`` processes due job entries before each read.
    """

    def __init__(
        self, leads: tuple[Process, ...], settle: Callable[[], None] = lambda: None
    ) -> None:
        self._known: dict[str, Process] = {}
        self._ids: dict[object, str] = {}
        self._settle = settle
        for lead in leads:
            self.put(lead)

    @property
    def processes(self) -> Mapping[str, Process]:
        """All processes by ID."""
        self._settle()
        return self._known

    def known(self, key: str, value: Any) -> Process | None:
        """Return the process whose ID or primary key is ``value``, without settling jobs."""
        if not isinstance(value, str | int):
            return None
        if key == "id":
            return self._known.get(str(value).lower())
        found = self._known.get(self._ids.get(value, ""))
        return found if found is not None and found["data"].get(PRIMARY_KEY) == value else None

    def put(self, process: Process) -> None:
        """Store a new or changed process."""
        self._known[process["id"]] = process
        self._ids[process["data"].get(PRIMARY_KEY)] = process["id"]

    def routes(self) -> list[Route]:
        above = "/v1/ext/procedure/{procedureShortId}/process"
        return [
            Route(above + "/list", self._list, methods=["POST"]),
            Route(above + "/{processId}", self._fetch, methods=["GET"]),
        ]

    def find(self, procedure: str, key: str) -> Process:
        """Return the process by ID or primary key. Raise ``Refused`` if there is none."""
        _check(procedure)
        for process in self.processes.values():
            keys = (process["id"], process["data"].get(PRIMARY_KEY))
            if key in keys and not process["isDeleted"]:
                return process
        raise envelope.Refused(404, "Process not found")

    def phone_of(self, process: Process) -> str:
        """Return its digits with the country code, or ""."""
        for place in (process["data"], process["record"]["data"]):
            digits = "".join(filter(str.isdecimal, str(place.get(PHONE) or "")))
            if digits:
                return COUNTRY + digits if len(digits) == NATIONAL_DIGITS else digits
        return ""

    def with_phone(self, number: str) -> str:
        """Return the ID of the process with this number, or ""."""
        found = (key for key, one in self.processes.items() if self.phone_of(one) == number)
        return next(found, "")

    async def _fetch(self, request: Request) -> Response:
        """Fetch by ID only: whether a primary key would work is UNKNOWN."""
        _check(request.path_params["procedureShortId"])
        process_id = request.path_params["processId"]
        if not is_uuid(process_id):
            raise envelope.Refused(400, "processId is not a valid UUID")
        process = self.processes.get(process_id.lower())
        if process is None:
            raise envelope.Refused(404, "Process not found")
        return envelope.data(dict(process))

    async def _list(self, request: Request) -> Response:
        """List in the order of the seed, deleted ones included: the real order is UNKNOWN."""
        _check(request.path_params["procedureShortId"])
        body = await envelope.json_object(request)
        skip = _whole(body, "skip", 0, 10**9)
        limit = _whole(body, "limit", DEFAULT_LIMIT, MOST)
        where = body.get("where", {})
        found = [dict(one) for one in self.processes.values() if matches(where, one)]
        more = len(found) > skip + limit
        return envelope.data(found[skip : skip + limit], meta={"hasMore": more})


def _check(procedure: str) -> None:
    if procedure != LEAD:
        raise envelope.Refused(404, f"Procedure {procedure} not found")


def _whole(body: Mapping[str, Any], name: str, usual: int, most: int) -> int:
    value = body.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise envelope.Refused(400, f"{name} is not a whole number from 0 to {most}")
    return value
