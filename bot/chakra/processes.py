"""The process endpoints: leads, tickets and others (API.md, Processes)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.chakra.fields import to_flag, to_text
from bot.chakra.job import Job
from bot.chakra.jobs import parse_job
from bot.chakra.models import is_uuid
from bot.chakra.process import Process
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.error_mapping import build_not_found
from bot.chakra.transport.http import Http
from bot.errors import Rejected, ResourceNotFound

PROCESS_PATH = "/v1/ext/procedure/{procedureShortId}/process/{processId}"
CREATE_PATH = "/v1/ext/procedure/{procedureShortId}/process"
KEY_PATH = "/v1/ext/procedure/{procedureShortId}/process/{primaryKeyShortId}/{primaryKeyValue}"
LIST_PATH = "/v1/ext/procedure/{procedureShortId}/process/list"
BULK_CREATE_PATH = "/v1/ext/procedure/{procedureShortId}/process/bulk-create"
BULK_UPDATE_PATH = "/v1/ext/procedure/{procedureShortId}/process"

ID_KEY, UPDATE_KEY = "id", "update"

HTTP_NO_CONTENT = 204

MAX_PAGE_SIZE = 100
"""Chakra's limit."""


@dataclass(frozen=True)
class ProcessPage:
    """A page of processes. The next one has ``skip`` plus ``count``, the number of items here.

    An item that isn't an object is not in ``items``. ``has_more`` is None if Chakra doesn't say.
    """

    items: tuple[Process, ...]
    has_more: bool | None = None
    count: int = 0


@dataclass(frozen=True)
class ProcessChange:
    """The changes to one process.

    ``update`` has any of ``data``, ``state``, ``status``, ``assignedTo``, ``nextActionAt`` and
    ``isDeleted``. ``key`` is the UUID, or the value of ``key_attribute``, the short ID of the
    primary key. Raise ``ValueError`` if they don't identify a process.
    """

    key: str
    update: Mapping[str, Any] = field(repr=False)
    key_attribute: str = ID_KEY

    def __post_init__(self) -> None:
        if not self.key or self.key_attribute in {"", UPDATE_KEY}:
            raise ValueError("it does not say which process to change")

    def to_item(self) -> dict[str, Any]:
        """Return the item of the bulk update, with the changes in ``update``.

        The text of the documentation says so; another page's examples have no ``update``. Both are
        CONFIRMED.
        """
        return {self.key_attribute: self.key, UPDATE_KEY: dict(self.update)}


class ProcessesApi:
    """The processes; a ``procedure`` is a short ID, such as "lead" or "ticket".

    Methods raise the errors of ``Http.get`` and ``Http.write``.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self, procedure: str, process_id: str) -> Process:
        """Return a process by its UUID. CONFIRMED; the body is INFERRED.

        Whether a primary key works too is UNKNOWN. An answer with another ID or key is invalid.
        """
        path_parameters = {"procedureShortId": procedure, "processId": process_id}
        response = await self._http.get(PROCESS_PATH, path_parameters)
        envelope = parse_envelope(response)
        if not envelope.data:
            raise build_not_found(response)
        if is_uuid(process_id):
            return envelope.parse_resource(Process, process_id)
        process = envelope.parse_data(Process)
        key = to_text(process.attributes.get(f"{procedure}_id"))
        if key and process_id not in (key, process.id):
            raise envelope.build_error("_data.data", "It isn't the requested process.")
        return process

    async def list(
        self, procedure: str, where: Mapping[str, Any], *, skip: int = 0, limit: int = 10
    ) -> ProcessPage:
        """Return a page of processes. CONFIRMED; the order of the items is UNKNOWN.

        ``where`` maps a field to a value, an array or ``{operator: value}``; ``or`` and ``and``
        combine such mappings.
        """
        limit = min(limit, MAX_PAGE_SIZE)
        body = {"where": dict(where), "skip": skip, "limit": limit}
        response = await self._http.query(LIST_PATH, {"procedureShortId": procedure}, body=body)
        envelope = parse_envelope(response)
        if not isinstance(envelope.data, list):
            raise envelope.build_error("_data", "An array was expected.")
        found = [item for item in envelope.data if isinstance(item, Mapping)]
        items = tuple(envelope.parse(Process, item, "_data[]") for item in found)
        has_more = to_flag(envelope.meta.get("hasMore"))
        return ProcessPage(items, has_more, len(envelope.data))

    async def find(self, procedure: str, key: str, *, attribute: str = "") -> Process:
        """Return the process with this UUID or primary key ("LEAD-004038").

        It is fetched by the key, since the send endpoint takes both. If that is refused, the list
        is filtered by ``attribute``, which is "lead_id" for a lead in the documented examples.
        Raise ``ResourceNotFound`` if there is no such process, or more than one.
        """
        try:
            return await self.fetch(procedure, key)
        except Rejected:
            if is_uuid(key):
                raise
        name = attribute or f"{procedure}_id"
        page = await self.list(procedure, {name: key}, limit=2)
        # Check the attribute: a server that ignores the filter would return another process.
        found = [process for process in page.items if to_text(process.attributes.get(name)) == key]
        if len(found) != 1:
            raise ResourceNotFound("There is no such process.", endpoint=LIST_PATH)
        return found[0]

    async def create(self, procedure: str, item: Mapping[str, Any]) -> Process | None:
        """Create a process and return it; ``None`` if the response has none.

        ``item`` has any of ``data``, ``record``, ``status``, ``state``, ``assignedTo`` and
        ``nextActionAt``. CONFIRMED; the documented response is empty, a process in it is INFERRED.
        The write is not retried once it may have arrived: raise ``OutcomeUnknown``.
        """
        return await self._write("POST", CREATE_PATH, {"procedureShortId": procedure}, item)

    async def update(
        self, procedure: str, key: str, update: Mapping[str, Any], *, key_attribute: str = ID_KEY
    ) -> Process | None:
        """Change a process and return it; ``None`` if the response has none.

        ``update`` has any of ``data``, ``status``, ``state`` and ``nextActionAt`` (CONFIRMED), or
        ``assignedTo`` (INFERRED from the bulk update). ``key`` is the UUID, or the value of
        ``key_attribute``. Raise the errors of ``create``.
        """
        endpoint, path_parameters = _locate(procedure, key, key_attribute)
        return await self._write("PUT", endpoint, path_parameters, update)

    async def delete(self, procedure: str, key: str, *, key_attribute: str = ID_KEY) -> None:
        """Delete a process by its UUID or primary key. CONFIRMED. Raise the errors of ``create``.

        An older page says that the response is the process; this isn't relied on.
        """
        endpoint, path_parameters = _locate(procedure, key, key_attribute)
        await self._write("DELETE", endpoint, path_parameters, None)

    async def _write(
        self, method: str, endpoint: str, path_parameters: Mapping[str, str], body: object
    ) -> Process | None:
        response = await self._http.write(method, endpoint, path_parameters, body=body)
        if response.status == HTTP_NO_CONTENT:
            return None
        envelope = parse_envelope(response)
        data = envelope.body.get("_data")
        has_process = isinstance(data, Mapping) and data.get("id")
        return envelope.parse_data(Process) if has_process else None

    async def create_many(self, procedure: str, items: Sequence[Mapping[str, Any]]) -> Job:
        """Start a job that creates a process from each item, a body of Create Process.

        The path and the array are CONFIRMED; the response is INFERRED to be that of
        ``update_many``. The maximum number of items is UNKNOWN ("1000s"). The write is not retried
        once it may have arrived: raise ``OutcomeUnknown``. Raise ``ValueError`` for no items.
        """
        return await self._start_job("POST", BULK_CREATE_PATH, procedure, _require_items(items))

    async def update_many(self, procedure: str, changes: Sequence[ProcessChange]) -> Job:
        """Start a job that makes the changes. CONFIRMED; their form is that of ``ProcessChange``.

        Raise the errors of ``create_many``.
        """
        items = [change.to_item() for change in changes]
        return await self._start_job(
            "PATCH", BULK_UPDATE_PATH, procedure, {"processes": _require_items(items)}
        )

    async def _start_job(self, method: str, endpoint: str, procedure: str, body: object) -> Job:
        path_parameters = {"procedureShortId": procedure}
        return parse_job(
            parse_envelope(await self._http.write(method, endpoint, path_parameters, body=body))
        )


def _locate(procedure: str, key: str, key_attribute: str) -> tuple[str, Mapping[str, str]]:
    if key_attribute == ID_KEY:
        return PROCESS_PATH, {"procedureShortId": procedure, "processId": key}
    return KEY_PATH, {
        "procedureShortId": procedure,
        "primaryKeyShortId": key_attribute,
        "primaryKeyValue": key,
    }


def _require_items(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if not items:
        raise ValueError("there is nothing to write")
    return list(items)
