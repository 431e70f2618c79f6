"""Bulk creation and update of processes: each request becomes a background job.

``POST .../process/bulk-create`` and ``PATCH .../process``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.bulk_rows import Rows
from bot.sandbox.chakra.job import EmbeddedJob, Entry
from bot.sandbox.chakra.jobs import JobsResource
from bot.sandbox.chakra.people import is_uuid
from bot.sandbox.chakra.processes import LEAD, PRIMARY_KEY
from bot.sandbox.chakra.team import Named, Team

ABOVE = "/v1/ext/procedure/{procedureShortId}/process"
MOST_ITEMS = 5_000
"""UNKNOWN ("1000s"): a guess, and the stricter one."""
SECONDS_AN_ITEM = 0.1
ACCEPTED = 202
"""UNKNOWN: clients must accept any 2xx."""


class BulkResource:
    def __init__(self, rows: Rows, jobs: JobsResource, team: Team, clock: Clock) -> None:
        self._rows = rows
        self._jobs = jobs
        self._team = team
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route(f"{ABOVE}/bulk-create", self._create, methods=["POST"]),
            Route(ABOVE, self._update, methods=["PATCH"]),
        ]

    async def _create(self, request: Request) -> Response:
        procedure = self._procedure(request)
        items = _checked(await envelope.json_body(request), "the body")
        return self._begun(self._rows.created(procedure.id, item) for item in items)

    async def _update(self, request: Request) -> Response:
        """Accept items with their changes in ``update``, as the documentation's prose has it.

        The flat items in another page's examples contradict it, and are refused.
        """
        self._procedure(request)
        body = await envelope.json_object(request)
        if set(body) != {"processes"}:
            raise envelope.Refused(400, "processes is required, and nothing else")
        self._jobs.settle()
        named = [_named(item, n) for n, item in enumerate(_checked(body["processes"], "processes"))]
        return self._begun(self._rows.changed(*one) for one in named)

    def _procedure(self, request: Request) -> Named:
        """Return the procedure named by its short ID or its UUID: both are documented here."""
        asked = request.path_params["procedureShortId"]
        known = asked.lower() if is_uuid(asked) else asked
        for procedure in self._team.procedures:
            if procedure.short_id == LEAD and known in (procedure.id, procedure.short_id):
                return procedure
        raise envelope.Refused(404, f"Procedure {asked} not found")

    def _begun(self, entries: Iterable[Entry]) -> Response:
        """Return the job's acknowledgement, its entries sorted by ID.

        The real order is UNKNOWN. This one is as good as random, so a client that relies on the
        order of its items fails here.
        """
        queue = tuple(entries)
        job = EmbeddedJob(
            id=str(uuid4()),
            team=self._team.team.id,
            entries=tuple(sorted(queue, key=lambda one: one.id)),
            queue=tuple(one for one in queue if not one.rejected),
            pace=SECONDS_AN_ITEM,
            begun_at=self._clock.time(),
        )
        acknowledged = self._jobs.acknowledged(self._jobs.add(job))
        return envelope.data(acknowledged, status=ACCEPTED)


def _checked(items: Any, place: str) -> list[dict[str, Any]]:
    if not isinstance(items, list):
        raise envelope.Refused(400, f"{place} is not an array")
    if not items:
        raise envelope.Refused(400, f"{place} is empty")
    if len(items) > MOST_ITEMS:
        raise envelope.Refused(400, f"{place} has more than {MOST_ITEMS} items")
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            raise envelope.Refused(400, f"{place}[{number}] is not an object")
    return items


def _named(item: dict[str, Any], number: int) -> tuple[str, Any, Any]:
    """Return the key, its value, and the update."""
    place = f"processes[{number}]"
    if "update" not in item:
        raise envelope.Refused(400, f"{place}.update is required")
    keys = [key for key in item if key != "update"]
    if len(keys) != 1:
        raise envelope.Refused(400, f"{place} must have an id or a primary key, and nothing else")
    if keys[0] not in ("id", PRIMARY_KEY):
        raise envelope.Refused(400, f"{keys[0]} is not the primary key of {LEAD}")
    return keys[0], item[keys[0]], item["update"]
