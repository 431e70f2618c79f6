"""Bolt in its fast mode: a middleware at the end of its chain hands every request over."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from pydantic_core import to_json
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.commands.command import Payload

AckBody = Mapping[str, Any]


class InteractionHandler(Protocol):
    async def command(self, payload: Payload) -> AckBody: ...
    async def action(self, payload: Payload) -> AckBody: ...
    async def submission(self, payload: Payload) -> AckBody: ...
    async def options(self, payload: Payload) -> AckBody: ...
    async def shortcut(self, payload: Payload) -> AckBody: ...


def build_bolt_app(
    handler: InteractionHandler, web: AsyncWebClient, identity: AuthorizeResult
) -> AsyncApp:
    """``process_before_response`` lets the ack leave with the answer instead of after a 10 ms poll;
    nothing slow may then happen before it, and the router sees to that.

    The guard has verified the signature already; ``bot`` is the answer of the ``auth.test`` at
    start, so that no request waits for one.
    """
    log = logging.getLogger("slack_bolt.app")
    log.setLevel(logging.ERROR)  # it warns of a token beside `authorize`, which is meant
    app = AsyncApp(
        name="chakra",
        client=web,
        authorize=_StaticAuthorize(identity),
        process_before_response=True,
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
        logger=log,
    )
    app.use(_DispatchMiddleware(handler))
    return app


class _StaticAuthorize(AsyncAuthorize):
    """One workspace, one token, known since the start."""

    def __init__(self, identity: AuthorizeResult) -> None:
        self._identity = identity

    async def __call__(self, **_: Any) -> AuthorizeResult:
        return self._identity


class _DispatchMiddleware(AsyncMiddleware):
    """Instead of a listener a kind: for a listener Bolt works out matchers and injected arguments,
    which costs about as much as all the rest of a cached answer."""

    def __init__(self, handler: InteractionHandler) -> None:
        self._interactions: Mapping[str, Callable[[Payload], Awaitable[AckBody]]] = {
            "block_actions": handler.action,
            "view_submission": handler.submission,
            "block_suggestion": handler.options,
            "shortcut": handler.shortcut,
            "message_action": handler.shortcut,
        }
        self._command = handler.command

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - the name is Bolt's
    ) -> BoltResponse | None:
        payload = req.body
        route = self._command if "command" in payload else self._find_interaction(payload)
        if route is None:
            await next()
            return resp
        answer = await route(payload)
        # Several times as fast as the standard library, and an ack is the hottest JSON there is.
        return BoltResponse(status=200, body=to_json(answer).decode() if answer else "")

    def _find_interaction(self, payload: Payload) -> Callable[[Payload], Awaitable[AckBody]] | None:
        kind = payload.get("type")
        return self._interactions.get(kind) if isinstance(kind, str) else None
