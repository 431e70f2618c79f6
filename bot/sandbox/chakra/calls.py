"""The calling endpoints of the pass-through: settings, permissions and the calls themselves.

Paths and bodies are those of the vendor's SDK (CONFIRMED); the responses are Meta's, at the top
level. Codes 138000 and 138006 are Meta's. How an unknown call is refused is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.account import WhatsAppAccount
from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaApiError

BASE_PATH = "/v1/whatsapp/{whatsappApiVersion}/{whatsappPhoneNumberId}"
CALLS_NOT_ENABLED = 138000
NO_CALL_PERMISSION = 138006
CALL_ID_PREFIX = "wacid."
DEFAULT_SETTINGS: Mapping[str, Any] = {
    "status": "DISABLED",
    "call_icon_visibility": "DEFAULT",
    "callback_permission_status": "DISABLED",
    "call_hours": {"status": "DISABLED"},
}
SESSION_TYPES: Mapping[str, str] = {"connect": "offer", "pre_accept": "answer", "accept": "answer"}
"""Actions with a session, and the type of it."""
ACTIONS = frozenset({*SESSION_TYPES, "reject", "terminate"})
Body = dict[str, Any]
MayCall = Callable[[str, str], bool]
"""Given the sender's ID and the recipient, return whether the recipient allows calls."""


class CallsResource:
    """``may_call`` decides who may be called. ``call_ids`` are the calls that were started."""

    def __init__(self, account: WhatsAppAccount, may_call: MayCall) -> None:
        self._account = account
        self._may_call = may_call
        self._settings: dict[str, Body] = {}
        self.call_ids: list[str] = []

    def build_routes(self) -> list[Route]:
        return [
            Route(BASE_PATH + "/settings", self._get_settings, methods=["GET"]),
            Route(BASE_PATH + "/settings", self._update_settings, methods=["POST"]),
            Route(BASE_PATH + "/call_permissions", self._get_permissions, methods=["GET"]),
            Route(BASE_PATH + "/calls", self._call, methods=["POST"]),
        ]

    async def _get_settings(self, request: Request) -> Response:
        sender_id = self._check_sender(request)
        return JSONResponse({"calling": self._find_calling(sender_id)})

    async def _update_settings(self, request: Request) -> Response:
        sender_id = self._check_sender(request)
        changes = (await envelope.read_json_object(request)).get("calling")
        if not isinstance(changes, dict):
            raise MetaApiError(INVALID_PARAMETER, "The parameter calling is required.")
        self._settings[sender_id] = {**self._find_calling(sender_id), **changes}
        return JSONResponse({"success": True})

    async def _get_permissions(self, request: Request) -> Response:
        sender_id = self._check_sender(request)
        query = request.query_params
        recipient = query.get("user_wa_id") or query.get("recipient")
        if not recipient:
            raise MetaApiError(INVALID_PARAMETER, "user_wa_id or recipient is required.")
        may_call = self._may_call(sender_id, recipient)
        actions = {"send_call_permission_request": not may_call, "start_call": may_call}
        body = {
            "messaging_product": "whatsapp",
            "permission": {"status": "temporary" if may_call else "no_permission"},
            "actions": [
                {"action_name": name, "can_perform_action": allowed}
                for name, allowed in actions.items()
            ],
        }
        return JSONResponse(body)

    async def _call(self, request: Request) -> Response:
        sender_id = self._check_sender(request)
        body = await envelope.read_json_object(request)
        action = _check_call(body)
        if self._find_calling(sender_id)["status"] != "ENABLED":
            raise MetaApiError(CALLS_NOT_ENABLED, "Calling is not enabled for this phone number.")
        if action != "connect":
            return JSONResponse({"messaging_product": "whatsapp", "success": True})
        if not self._may_call(sender_id, str(body.get("to") or body["recipient"])):
            raise MetaApiError(NO_CALL_PERMISSION, "No approved call permission was found.")
        call_id = f"{CALL_ID_PREFIX}{token_hex(16).upper()}"
        self.call_ids.append(call_id)
        return JSONResponse({"messaging_product": "whatsapp", "calls": [{"id": call_id}]})

    def _check_sender(self, request: Request) -> str:
        self._account.check_version(request)
        return self._account.get_sender(request.path_params["whatsappPhoneNumberId"]).id

    def _find_calling(self, sender_id: str) -> Body:
        return self._settings.get(sender_id, dict(DEFAULT_SETTINGS))


def _check_call(body: Mapping[str, Any]) -> str:
    """Return the action. Raise ``MetaApiError`` for an incomplete request."""
    action = body.get("action")
    if body.get("messaging_product") != "whatsapp" or action not in ACTIONS:
        raise MetaApiError(INVALID_PARAMETER, "messaging_product and action are required.")
    given = body.get("session")
    session = given if isinstance(given, dict) else {}
    wanted = SESSION_TYPES.get(action)
    if wanted and not (session.get("sdp_type") == wanted and session.get("sdp")):
        raise MetaApiError(INVALID_PARAMETER, f"A session of type {wanted} is required.")
    if action == "connect":
        if not (body.get("to") or body.get("recipient")):
            raise MetaApiError(INVALID_PARAMETER, "to or recipient is required.")
    elif not str(body.get("call_id", "")).startswith(CALL_ID_PREFIX):
        raise MetaApiError(INVALID_PARAMETER, "The parameter call_id is not a call.")
    return str(action)
