"""The numbers that can send, and the accounts they belong to (contract 8.1: all INFERRED)."""

from __future__ import annotations

from bot.chakra.models import BusinessAccount, PhoneNumber
from bot.chakra.transport.envelope import read
from bot.chakra.transport.error_mapping import missing
from bot.chakra.transport.http import Http

ALL = "/v1/ext/whatsapp-phone-number"
ONE = "/v1/ext/whatsapp-phone-number/{id}"
ACCOUNTS = "/v1/ext/whatsapp-business-account"


class Numbers:
    """Raises the `ChakraError`s of `Http.get`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, plugin_id: str = "") -> tuple[PhoneNumber, ...]:
        """Those of one plugin, or of the whole team."""
        return read(await self._http.get(ALL, query=_of(plugin_id))).many(PhoneNumber)

    async def fetch(self, number_id: str) -> PhoneNumber:
        """`number_id` is Meta's id of a number, not the number."""
        answer = await self._http.get(ONE, {"id": number_id})
        envelope = read(answer)
        if envelope.data is None:
            raise missing(answer)
        return envelope.one(PhoneNumber)

    async def accounts(self, plugin_id: str = "") -> tuple[BusinessAccount, ...]:
        return read(await self._http.get(ACCOUNTS, query=_of(plugin_id))).many(BusinessAccount)


def _of(plugin_id: str) -> dict[str, str]:
    return {"pluginId": plugin_id} if plugin_id else {}
