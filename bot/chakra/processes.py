"""Leads, tickets and other processes, as far as they are read (contract sections 4.1 and 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.chakra.envelope import read
from bot.chakra.fields import text
from bot.chakra.http import Http
from bot.chakra.models import is_uuid
from bot.chakra.process import Process
from bot.chakra.refusals import missing
from bot.errors import Missing, Rejected

ONE = "/v1/ext/procedure/{procedureShortId}/process/{processId}"
LIST = "/v1/ext/procedure/{procedureShortId}/process/list"

MOST = 100
"""Of one page; the vendor's own limit."""


@dataclass(frozen=True)
class Page:
    """`more` where there is another; it begins at `skip` + the number of items here."""

    items: tuple[Process, ...]
    more: bool = False


class Processes:
    """Raises the `ChakraError`s of `Http.get`. `procedure` is a short id: "lead", "ticket"."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self, procedure: str, process_id: str) -> Process:
        """CONFIRMED; the body INFERRED. Whether a primary key will do for the UUID is UNKNOWN."""
        place = {"procedureShortId": procedure, "processId": process_id}
        answer = await self._http.get(ONE, place)
        envelope = read(answer)
        if not envelope.data:
            raise missing(answer)
        return envelope.one(Process)

    async def list(
        self, procedure: str, where: Mapping[str, Any], *, skip: int = 0, limit: int = 10
    ) -> Page:
        """`where`: field -> value, array, or `{operator: value}`, with `or` and `and`. CONFIRMED;
        the order of the items is UNKNOWN."""
        body = {"where": dict(where), "skip": skip, "limit": min(limit, MOST)}
        answer = await self._http.ask(LIST, {"procedureShortId": procedure}, body=body)
        envelope = read(answer)
        return Page(envelope.many(Process), envelope.meta.get("hasMore") is True)

    async def find(self, procedure: str, key: str, *, attribute: str = "") -> Process:
        """The process with this UUID or primary key ("LEAD-004038"). Raises `Missing`.

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
        found = [one for one in page.items if text(one.attributes.get(name)) == key]
        if len(found) != 1:
            raise Missing("There is no such process.", endpoint=LIST)
        return found[0]
