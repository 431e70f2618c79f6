"""The Web API and the response URLs over HTTP: tokens, scopes, rates, faults, then the method."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.sandbox.slack.broken_line import reset
from bot.sandbox.slack.faults import Fault, Faults
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.methods import METHODS, Call, Method
from bot.sandbox.slack.methods.call import Caller
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.refusal import Refused
from bot.sandbox.slack.respond import respond
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.traffic import ApiCall, Traffic
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]

RESPONSE_URL = "response_url"
_APP_SCOPES = ("connections:write",)
_NESTED: Mapping[str, str] = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "files": "invalid_arguments",
    "view": "invalid_arguments",
}
"""Arguments that are JSON within a form, and Slack's code for one that can't be parsed."""
_OK_STATUS, _BAD_REQUEST, _TOO_MANY = 200, 400, 429


@dataclass(frozen=True)
class Answer:
    body: Json | str
    status: int = _OK_STATUS
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        headers = dict(self.headers)
        if isinstance(self.body, str):
            return PlainTextResponse(self.body, self.status, headers)
        return JSONResponse(self.body, self.status, headers)


class Tokens:
    def __init__(self, bot: str, app: str) -> None:
        self.bot = bot
        self.app = app
        self._revoked = ""

    def revoke(self, error: str) -> None:
        """Refuse the bot's token with Slack's code ``error`` from now on."""
        self._revoked = error

    def caller(self, shown: str) -> Caller:
        """Return the token's owner. Raise ``Refused`` for an unknown or revoked one."""
        if not shown:
            return "none"
        if shown == self.bot:
            if self._revoked:
                raise Refused(self._revoked)
            return "bot"
        if shown == self.app:
            return "app"
        raise Refused("invalid_auth")


FORM_ONLY = frozenset(
    {
        "bots.info",
        "chat.getPermalink",
        "conversations.history",
        "conversations.info",
        "conversations.members",
        "conversations.replies",
        "files.getUploadURLExternal",
        "files.info",
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
        manifest: Manifest,
        sockets: SocketMode,
        traffic: Traffic,
        tokens: Tokens,
    ) -> None:
        self.faults = Faults()
        self.base_url = ""
        self._workspace = workspace
        self._manifest = manifest
        self._sockets = sockets
        self._traffic = traffic
        self._tokens = tokens
        self._rates = Rates(workspace.clock)

    async def call(self, request: Request) -> Response:
        """Serve ``/api/<method>``."""
        name = request.path_params["method"]
        return await self._attended(request, name, lambda args: self._called(request, name, args))

    async def respond(self, request: Request) -> Response:
        """Serve ``/response/…``."""
        path = request.url.path
        return await self._attended(request, RESPONSE_URL, lambda args: self._responded(path, args))

    async def _attended(
        self, request: Request, name: str, answer: Callable[[Json], Answer]
    ) -> Response:
        """Handle one request with its faults, and record it."""
        with self._traffic.busy():
            at, began = self._workspace.clock.time(), self._workspace.clock.monotonic()
            fault = self.faults.take(name)
            await self.faults.wait(name)
            given = await self._answered(request, fault, answer)
            args, answered = given
            seconds = self._workspace.clock.monotonic() - began
            body = answered.body if answered else None
            self._traffic.calls.append(ApiCall(name, args, body, at))
            self._traffic.note(
                "from the app",
                name,
                _summary(args),
                at=at,
                seconds=seconds,
                status=answered.status if answered else 0,
                request=args,
                response=body,
            )
            if answered is None or (fault and fault.reset):
                await reset(request)
                return Response()
            return answered.response()

    async def _answered(
        self, request: Request, fault: Fault | None, answer: Callable[[Json], Answer]
    ) -> tuple[Json, Answer | None]:
        """Return the arguments without the token, and the response, None if it is cut off."""
        try:
            args = await _arguments(request)
        except Refused as refused:
            return {}, _refusal(refused)
        shown = {key: value for key, value in args.items() if key != "token"}
        if fault is not None and fault.reset == "before":
            return shown, None
        if fault is not None and fault.reset is None:
            return shown, _fault_answer(fault)
        try:
            return shown, answer(args)
        except Refused as refused:
            return shown, _refusal(refused)

    def _called(self, request: Request, name: str, args: Json) -> Answer:
        method = METHODS.get(name)
        if method is None:
            raise Refused("unknown_method", req_method=name)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        caller = self._tokens.caller(bearer or str(args.pop("token", "")))
        headers = {
            "x-oauth-scopes": ",".join(_APP_SCOPES if caller == "app" else self._manifest.scopes),
            "x-accepted-oauth-scopes": method.scope,
            "x-slack-req-id": self._workspace.ids.next("R"),
        }
        try:
            body = self._run(method, caller, args)
        except Refused as refused:
            return _refusal(refused, headers)
        return Answer({"ok": True, **body}, headers=headers)

    def _run(self, method: Method, caller: Caller, args: Json) -> Json:
        if method.caller != "none" and caller == "none":
            raise Refused("not_authed")
        if method.caller in ("bot", "app") and caller != method.caller:
            raise Refused("not_allowed_token_type")
        wait = self._rates.call(method.name, method.a_minute)
        if wait:
            raise Refused("ratelimited", status=_TOO_MANY, retry_after=wait)
        _unpack(args)
        call = Call(
            name=method.name,
            args=args,
            caller=caller,
            workspace=self._workspace,
            manifest=self._manifest,
            sockets=self._sockets,
            rates=self._rates,
            base_url=self.base_url,
        )
        if method.scope and caller == "bot":
            call.needs(method.scope)
        return method.run(call)

    def _responded(self, path: str, args: Json) -> Answer:
        try:
            _unpack(args)
            respond(self._workspace, path, args)
        except Refused as refused:
            status = refused.status if refused.status != _OK_STATUS else _BAD_REQUEST
            return Answer(refused.answer(), status)
        return Answer("ok")


async def _arguments(request: Request) -> Json:
    args: Json = dict(request.query_params)
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if not body:
        return args
    if kind == "application/json":
        read = request.path_params.get("method") not in FORM_ONLY
        return args | (_json_arguments(body) if read else {})
    if kind == "application/x-www-form-urlencoded":
        fields: Json = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        packed = fields.pop("payload", None)
        return args | fields | (_json_arguments(packed) if packed else {})
    raise Refused("invalid_post_type" if kind else "missing_post_type")


def _json_arguments(body: str | bytes) -> Json:
    try:
        args = json.loads(body)
    except ValueError:
        raise Refused("invalid_json") from None
    if not isinstance(args, dict):
        raise Refused("json_not_object")
    return args


def _unpack(args: Json) -> None:
    """Parse the arguments that are JSON within a string."""
    for name, code in _NESTED.items():
        if isinstance(args.get(name), str):
            try:
                args[name] = json.loads(args[name])
            except ValueError:
                raise Refused(code) from None


def _refusal(refused: Refused, headers: Mapping[str, str] | None = None) -> Answer:
    given = dict(headers or {})
    if refused.retry_after is not None:
        given["retry-after"] = str(refused.retry_after)
    return Answer(refused.answer(), refused.status, given)


def _fault_answer(fault: Fault) -> Answer:
    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
    limited = fault.error == "ratelimited"
    status = fault.status or (_TOO_MANY if limited else _OK_STATUS)
    if fault.error is None:
        return Answer("Internal Server Error", status, headers)
    return Answer({"ok": False, "error": fault.error}, status, headers)


def _summary(args: Json) -> str:
    """Return one line about a call, for the page's list."""
    for name in ("text", "channel", "user", "view_id"):
        if isinstance(args.get(name), str) and args[name]:
            return str(args[name])[:80]
    return ""
