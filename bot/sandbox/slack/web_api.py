"""The Web API and the response URLs over HTTP: tokens, scopes, rates, faults, then the method."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.sandbox.slack.app_manifest import AppManifest
from bot.sandbox.slack.connection_reset import reset_connection
from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.exchange_log import ApiCall, ExchangeLog
from bot.sandbox.slack.faults import ApiFault, ApiFaultQueue
from bot.sandbox.slack.methods import METHODS, Method, MethodCall
from bot.sandbox.slack.methods.call import TokenType
from bot.sandbox.slack.rate_limiter import WebApiRateLimiter
from bot.sandbox.slack.response_actions import apply_response
from bot.sandbox.slack.socket_mode import SocketModeServer
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]

RESPONSE_URL_METHOD = "response_url"
_APP_SCOPES = ("connections:write",)
_NESTED_JSON_ERRORS: Mapping[str, str] = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "files": "invalid_arguments",
    "view": "invalid_arguments",
    "unfurls": "invalid_unfurls_format",
    "error": "invalid_arguments",
}
"""Arguments that are JSON within a form, and Slack's code for one that can't be parsed."""
_OK_STATUS, _BAD_REQUEST, _TOO_MANY = 200, 400, 429


@dataclass(frozen=True)
class ApiResponse:
    body: Json | str
    status: int = _OK_STATUS
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_response(self) -> Response:
        headers = dict(self.headers)
        if isinstance(self.body, str):
            return PlainTextResponse(self.body, self.status, headers)
        return JSONResponse(self.body, self.status, headers)


class AppTokens:
    def __init__(self, bot: str, app: str) -> None:
        self.bot = bot
        self.app = app
        self._revoked = ""

    def revoke(self, error: str) -> None:
        """Refuse the bot's token with Slack's code ``error`` from now on."""
        self._revoked = error

    def identify_token(self, token: str) -> TokenType:
        """Return the token's owner. Raise ``WebApiError`` for an unknown or revoked one."""
        if not token:
            return "none"
        if token == self.bot:
            if self._revoked:
                raise WebApiError(self._revoked)
            return "bot"
        if token == self.app:
            return "app"
        raise WebApiError("invalid_auth")


FORM_ONLY_METHODS = frozenset(
    {
        "bots.info",
        "chat.getPermalink",
        "conversations.history",
        "conversations.info",
        "conversations.members",
        "conversations.replies",
        "files.getUploadURLExternal",
        "files.info",
        "usergroups.list",
        "usergroups.users.list",
        "users.info",
        "users.list",
        "users.lookupByEmail",
    }
)
"""Reading methods ignore JSON bodies entirely: docs.slack.dev/apis/web-api, "POST bodies"."""


class WebApi:
    """Serves the API. ``base_url`` is set once the server knows it."""

    def __init__(
        self,
        workspace: Workspace,
        manifest: AppManifest,
        sockets: SocketModeServer,
        exchange_log: ExchangeLog,
        tokens: AppTokens,
    ) -> None:
        self.faults = ApiFaultQueue()
        self.base_url = ""
        self._workspace = workspace
        self._manifest = manifest
        self._sockets = sockets
        self._exchange_log = exchange_log
        self._tokens = tokens
        self._rate_limiter = WebApiRateLimiter(workspace.clock)

    async def handle_call(self, request: Request) -> Response:
        """Serve ``/api/<method>``."""
        name = request.path_params["method"]
        return await self._apply_faults(
            request, name, lambda args: self._call_method(request, name, args)
        )

    async def handle_response_url(self, request: Request) -> Response:
        """Serve ``/response/…``."""
        path = request.url.path
        return await self._apply_faults(
            request, RESPONSE_URL_METHOD, lambda args: self._respond_to_url(path, args)
        )

    async def _apply_faults(
        self, request: Request, name: str, respond: Callable[[Json], ApiResponse]
    ) -> Response:
        """Handle one request with its faults, and record it."""
        with self._exchange_log.track():
            at, began = self._workspace.clock.time(), self._workspace.clock.monotonic()
            fault = self.faults.take_next(name)
            await self.faults.wait_released(name)
            given = await self._respond_or_fail(request, fault, respond)
            args, answered = given
            seconds = self._workspace.clock.monotonic() - began
            body = answered.body if answered else None
            self._exchange_log.calls.append(ApiCall(name, args, body, at))
            self._exchange_log.record(
                "from the app",
                name,
                _summarize(args),
                at=at,
                seconds=seconds,
                status=answered.status if answered else 0,
                request=args,
                response=body,
            )
            if answered is None or (fault and fault.reset and not fault.error):
                await reset_connection(request)
                return Response()
            return answered.to_response()

    async def _respond_or_fail(
        self, request: Request, fault: ApiFault | None, respond: Callable[[Json], ApiResponse]
    ) -> tuple[Json, ApiResponse | None]:
        """Return the arguments without the token, and the response, None if it is cut off."""
        try:
            args = await _read_arguments(request)
        except WebApiError as refused:
            return {}, _build_error_response(refused)
        shown = {key: value for key, value in args.items() if key != "token"}
        if fault is not None and fault.reset == "before":
            return shown, None
        if fault is not None and fault.reset is None:
            return shown, _build_fault_response(fault)
        try:
            answered = respond(args)
        except WebApiError as refused:
            return shown, _build_error_response(refused)
        return shown, _build_fault_response(fault) if fault and fault.error else answered

    def _call_method(self, request: Request, name: str, args: Json) -> ApiResponse:
        method = METHODS.get(name)
        if method is None:
            raise WebApiError("unknown_method", req_method=name)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        caller = self._tokens.identify_token(bearer or str(args.pop("token", "")))
        headers = {
            "x-oauth-scopes": ",".join(_APP_SCOPES if caller == "app" else self._manifest.scopes),
            "x-accepted-oauth-scopes": method.scope,
            "x-slack-req-id": self._workspace.ids.generate_id("R"),
        }
        try:
            body = self._run_method(method, caller, args)
        except WebApiError as refused:
            return _build_error_response(refused, headers)
        return ApiResponse({"ok": True, **body}, headers=headers)

    def _run_method(self, method: Method, token_type: TokenType, args: Json) -> Json:
        if method.token_type != "none" and token_type == "none":
            raise WebApiError("not_authed")
        if method.token_type in ("bot", "app") and token_type != method.token_type:
            raise WebApiError("not_allowed_token_type")
        wait = self._rate_limiter.acquire_call(method.name, method.calls_per_minute)
        if wait:
            raise WebApiError("ratelimited", status=_TOO_MANY, retry_after=wait)
        _decode_nested_json(args)
        call = MethodCall(
            name=method.name,
            args=args,
            token_type=token_type,
            workspace=self._workspace,
            manifest=self._manifest,
            sockets=self._sockets,
            rate_limiter=self._rate_limiter,
            base_url=self.base_url,
        )
        if method.scope and token_type == "bot":
            call.require_scope(method.scope)
        return method.run(call)

    def _respond_to_url(self, path: str, args: Json) -> ApiResponse:
        try:
            _decode_nested_json(args)
            apply_response(self._workspace, path, args)
        except WebApiError as refused:
            status = refused.status if refused.status != _OK_STATUS else _BAD_REQUEST
            return ApiResponse(refused.to_body(), status)
        return ApiResponse("ok")


async def _read_arguments(request: Request) -> Json:
    args: Json = dict(request.query_params)
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if not body:
        return args
    if kind == "application/json":
        read = request.path_params.get("method") not in FORM_ONLY_METHODS
        return args | (_parse_json_arguments(body) if read else {})
    if kind == "application/x-www-form-urlencoded":
        fields: Json = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        packed = fields.pop("payload", None)
        return args | fields | (_parse_json_arguments(packed) if packed else {})
    raise WebApiError("invalid_post_type" if kind else "missing_post_type")


def _parse_json_arguments(body: str | bytes) -> Json:
    try:
        args = json.loads(body)
    except ValueError:
        raise WebApiError("invalid_json") from None
    if not isinstance(args, dict):
        raise WebApiError("json_not_object")
    return args


def _decode_nested_json(args: Json) -> None:
    """Parse the arguments that are JSON within a string."""
    for name, code in _NESTED_JSON_ERRORS.items():
        if isinstance(args.get(name), str):
            try:
                args[name] = json.loads(args[name])
            except ValueError:
                raise WebApiError(code) from None


def _build_error_response(
    error: WebApiError, headers: Mapping[str, str] | None = None
) -> ApiResponse:
    given = dict(headers or {})
    if error.retry_after is not None:
        given["retry-after"] = str(error.retry_after)
    return ApiResponse(error.to_body(), error.status, given)


def _build_fault_response(fault: ApiFault) -> ApiResponse:
    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
    limited = fault.error == "ratelimited"
    status = fault.status or (_TOO_MANY if limited else _OK_STATUS)
    if fault.error is None:
        return ApiResponse("Internal Server Error", status, headers)
    return ApiResponse({"ok": False, "error": fault.error}, status, headers)


def _summarize(args: Json) -> str:
    """Return one line about a call, for the page's list."""
    for name in ("text", "channel", "user", "view_id"):
        if isinstance(args.get(name), str) and args[name]:
            return str(args[name])[:80]
    return ""
