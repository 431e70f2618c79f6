"""The listings of senders and business accounts. Their paths and fields are INFERRED."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.account import WhatsAppAccount


class NumbersResource:
    def __init__(self, account: WhatsAppAccount) -> None:
        self._account = account

    def build_routes(self) -> list[Route]:
        return [
            Route("/v1/ext/whatsapp-phone-number", self._list, methods=["GET"]),
            Route(
                "/v1/ext/whatsapp-business-account", self._list_business_accounts, methods=["GET"]
            ),
        ]

    async def _list(self, request: Request) -> Response:
        listed = [dict(sender.listing) for sender in self._account.senders]
        return envelope.build_data_response(listed if self._is_own_plugin(request) else [])

    async def _list_business_accounts(self, request: Request) -> Response:
        listed = [dict(self._account.waba)]
        return envelope.build_data_response(listed if self._is_own_plugin(request) else [])

    def _is_own_plugin(self, request: Request) -> bool:
        plugin_id = self._account.plugin_id
        return request.query_params.get("pluginId", plugin_id) == plugin_id
