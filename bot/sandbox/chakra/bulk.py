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
from bot.sandbox.chakra.bulk_rows import BulkRowFactory
from bot.sandbox.chakra.job import EmbeddedJob, EmbeddedJobEntry
from bot.sandbox.chakra.jobs import JobsResource
from bot.sandbox.chakra.processes import LEAD_PROCEDURE, PRIMARY_KEY
from bot.sandbox.chakra.team import ConfigItem, EmbeddedTeam
from bot.sandbox.chakra.user import is_uuid

PROCESS_PATH = "/v1/ext/procedure/{procedureShortId}/process"
MAX_ITEMS = 5_000
"""UNKNOWN ("1000s"): a guess, and the stricter one."""
SECONDS_PER_ITEM = 0.1
ACCEPTED_STATUS = 202
"""UNKNOWN: clients must accept any 2xx."""


class BulkResource:
    def __init__(
        self, rows: BulkRowFactory, jobs: JobsResource, team: EmbeddedTeam, clock: Clock
    ) -> None:
        self._rows = rows
        self._jobs = jobs
        self._team = team
        self._clock = clock

    def build_routes(self) -> list[Route]:
        return [
            Route(f"{PROCESS_PATH}/bulk-create", self._create, methods=["POST"]),
            Route(PROCESS_PATH, self._update, methods=["PATCH"]),
        ]

    async def _create(self, request: Request) -> Response:
        procedure = self._require_procedure(request)
        items = _check_items(await envelope.read_json(request), "the body")
        return self._start_job(self._rows.create_entry(procedure.id, item) for item in items)

    async def _update(self, request: Request) -> Response:
        """Accept items with their changes in ``update``, as the documentation's prose has it.

        The flat items in another page's examples contradict it, and are refused.
        """
        self._require_procedure(request)
        body = await envelope.read_json_object(request)
        if set(body) != {"processes"}:
            raise envelope.RequestError(400, "processes is required, and nothing else")
        self._jobs.advance_all()
        named = [
            _parse_update_item(item, n)
            for n, item in enumerate(_check_items(body["processes"], "processes"))
        ]
        return self._start_job(self._rows.update_entry(*entry) for entry in named)

    def _require_procedure(self, request: Request) -> ConfigItem:
        """Return the procedure named by its short ID or its UUID: both are documented here."""
        asked = request.path_params["procedureShortId"]
        known = asked.lower() if is_uuid(asked) else asked
        for procedure in self._team.procedures:
            if procedure.short_id == LEAD_PROCEDURE and known in (procedure.id, procedure.short_id):
                return procedure
        raise envelope.RequestError(404, f"Procedure {asked} not found")

    def _start_job(self, entries: Iterable[EmbeddedJobEntry]) -> Response:
        """Return the job's acknowledgement, its entries sorted by ID.

        The real order is UNKNOWN. This one is effectively random, so a client that relies on the
        order of its items fails here.
        """
        queue = tuple(entries)
        job = EmbeddedJob(
            id=str(uuid4()),
            team_id=self._team.team.id,
            entries=tuple(sorted(queue, key=lambda one: one.id)),
            queue=tuple(row for row in queue if not row.rejection_reason),
            seconds_per_entry=SECONDS_PER_ITEM,
            began_at=self._clock.time(),
        )
        acknowledged = self._jobs.build_acknowledgement(self._jobs.add(job))
        return envelope.build_data_response(acknowledged, status=ACCEPTED_STATUS)


def _check_items(items: Any, field: str) -> list[dict[str, Any]]:
    if not isinstance(items, list):
        raise envelope.RequestError(400, f"{field} is not an array")
    if not items:
        raise envelope.RequestError(400, f"{field} is empty")
    if len(items) > MAX_ITEMS:
        raise envelope.RequestError(400, f"{field} has more than {MAX_ITEMS} items")
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            raise envelope.RequestError(400, f"{field}[{number}] is not an object")
    return items


def _parse_update_item(item: dict[str, Any], number: int) -> tuple[str, Any, Any]:
    """Return the key, its value, and the update."""
    place = f"processes[{number}]"
    if "update" not in item:
        raise envelope.RequestError(400, f"{place}.update is required")
    keys = [key for key in item if key != "update"]
    if len(keys) != 1:
        raise envelope.RequestError(
            400, f"{place} must have an id or a primary key, and nothing else"
        )
    if keys[0] not in ("id", PRIMARY_KEY):
        raise envelope.RequestError(400, f"{keys[0]} is not the primary key of {LEAD_PROCEDURE}")
    return keys[0], item[keys[0]], item["update"]
