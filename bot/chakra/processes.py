"""Leads, tickets and other processes: read one by one, written in bulk (contract sections 4.1, 4.2,
4.8 and 4.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.chakra.fields import to_text
from bot.chakra.job import Job
from bot.chakra.jobs import parse_job
from bot.chakra.models import is_uuid
from bot.chakra.process import Process
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.error_mapping import resource_not_found
from bot.chakra.transport.http import Http
from bot.errors import Rejected, ResourceNotFound

PROCESS_PATH = "/v1/ext/procedure/{procedureShortId}/process/{processId}"
LIST_PATH = "/v1/ext/procedure/{procedureShortId}/process/list"
BULK_CREATE_PATH = "/v1/ext/procedure/{procedureShortId}/process/bulk-create"
BULK_UPDATE_PATH = "/v1/ext/procedure/{procedureShortId}/process"

ID_KEY, UPDATE_KEY = "id", "update"

MAX_PAGE_SIZE = 100
"""Of one page; the vendor's own limit."""


@dataclass(frozen=True)
class ProcessPage:
    """`more` where there is another; it begins at `skip` + the number of items here."""

    items: tuple[Process, ...]
    has_more: bool = False


@dataclass(frozen=True)
class ProcessChange:
    """What shall change on one process: any of `data`, `state`, `status`, `assignedTo`,
    `nextActionAt` and `isDeleted`. `key` is its UUID, or its value of the `attribute`, the short id
    of the primary key. Raises `ValueError` for what identifies nothing."""

    key: str
    update: Mapping[str, Any] = field(repr=False)
    key_attribute: str = ID_KEY

    def __post_init__(self) -> None:
        if not self.key or self.key_attribute in {"", UPDATE_KEY}:
            raise ValueError("it does not say which process to change")

    def item(self) -> dict[str, Any]:
        """As the prose demands it; another page's examples have no `update`. Both are CONFIRMED."""
        return {self.key_attribute: self.key, UPDATE_KEY: dict(self.update)}


class ProcessesApi:
    """Raises the `ChakraError`s of `Http.get` and `Http.write`. `procedure` is a short id: "lead",
    "ticket"."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self, procedure: str, process_id: str) -> Process:
        """CONFIRMED; the body INFERRED. Whether a primary key will do for the UUID is UNKNOWN."""
        path_parameters = {"procedureShortId": procedure, "processId": process_id}
        response = await self._http.get(PROCESS_PATH, path_parameters)
        envelope = parse_envelope(response)
        if not envelope.data:
            raise resource_not_found(response)
        return envelope.parse_data(Process)

    async def list(
        self, procedure: str, where: Mapping[str, Any], *, skip: int = 0, limit: int = 10
    ) -> ProcessPage:
        """`where`: field -> value, array, or `{operator: value}`, with `or` and `and`. CONFIRMED;
        the order of the items is UNKNOWN."""
        body = {"where": dict(where), "skip": skip, "limit": min(limit, MAX_PAGE_SIZE)}
        response = await self._http.query(LIST_PATH, {"procedureShortId": procedure}, body=body)
        envelope = parse_envelope(response)
        return ProcessPage(envelope.parse_list(Process), envelope.meta.get("hasMore") is True)

    async def find(self, procedure: str, key: str, *, attribute: str = "") -> Process:
        """The process with this UUID or primary key ("LEAD-004038"). Raises `ResourceNotFound`.

        It is fetched by the key, as the send endpoint takes either; where that is refused, the
        list is asked for the `attribute`, "lead_id" of a lead by the examples of the contract.
        """
        try:
            return await self.fetch(procedure, key)
        except Rejected:
            if is_uuid(key):
                raise
        name = attribute or f"{procedure}_id"
        page = await self.list(procedure, {name: key}, limit=2)
        # A server that ignores the query must not make us take a stranger for this one.
        found = [one for one in page.items if to_text(one.attributes.get(name)) == key]
        if len(found) != 1:
            raise ResourceNotFound("There is no such process.", endpoint=LIST_PATH)
        return found[0]

    async def bulk_create(self, procedure: str, items: Sequence[Mapping[str, Any]]) -> Job:
        """Begins a job that makes a process of each item, a body as Create Process takes it.

        The path and the array are CONFIRMED; the answer is INFERRED to be that of `bulk_update`.
        How many items may come at once is UNKNOWN ("1000s"). Never repeated once it may have
        arrived: `OutcomeUnknown`. Raises `ValueError` for no items.
        """
        return await self._start_job("POST", BULK_CREATE_PATH, procedure, _require_items(items))

    async def bulk_update(self, procedure: str, changes: Sequence[ProcessChange]) -> Job:
        """Begins a job that makes the changes. CONFIRMED; see `ProcessChange` for the doubt about
        its
        form, and `bulk_create` for everything else."""
        items = [change.item() for change in changes]
        return await self._start_job(
            "PATCH", BULK_UPDATE_PATH, procedure, {"processes": _require_items(items)}
        )

    async def _start_job(self, method: str, endpoint: str, procedure: str, body: object) -> Job:
        path_parameters = {"procedureShortId": procedure}
        return parse_job(
            parse_envelope(await self._http.write(method, endpoint, path_parameters, body=body))
        )


def _require_items(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if not items:
        raise ValueError("there is nothing to write")
    return list(items)
