"""The sender numbers and their accounts. All INFERRED (API.md, Sender numbers)."""

from __future__ import annotations

from bot.chakra.models import BusinessAccount, PhoneNumber
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.http import Http

NUMBERS_PATH = "/v1/ext/whatsapp-phone-number"
ACCOUNTS_PATH = "/v1/ext/whatsapp-business-account"


class PhoneNumbersApi:
    """The sender numbers. Methods raise the errors of ``Http.get``."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, plugin_id: str = "") -> tuple[PhoneNumber, ...]:
        """Return the numbers of one plugin, or of the whole team."""
        return parse_envelope(
            await self._http.get(NUMBERS_PATH, query=_build_plugin_query(plugin_id))
        ).parse_list(PhoneNumber)

    async def list_accounts(self, plugin_id: str = "") -> tuple[BusinessAccount, ...]:
        """Return the business accounts of one plugin, or of the whole team."""
        return parse_envelope(
            await self._http.get(ACCOUNTS_PATH, query=_build_plugin_query(plugin_id))
        ).parse_list(BusinessAccount)


def _build_plugin_query(plugin_id: str) -> dict[str, str]:
    return {"pluginId": plugin_id} if plugin_id else {}
