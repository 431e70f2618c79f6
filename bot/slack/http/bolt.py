"""Bolt for Socket Mode: a middleware at the end of its chain passes every payload to ours."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.http.verification import RequestRejected
from bot.slack.surfaces import Ack

Dispatch = Callable[[object], Awaitable[Ack | None]]
"""Raises ``RequestRejected``."""


def build_bolt_app(
    dispatch: Dispatch, web: AsyncWebClient, identity: Mapping[str, Any]
) -> AsyncApp:
    """Return a Bolt app whose requests ``dispatch`` answers.

    ``identity`` is what ``auth.test`` returned at the start, so that no request waits for it.
    ``process_before_response`` puts the answer into the ack; nothing slow may happen before it,
    which the router ensures.
    """
    log = logging.getLogger("slack_bolt.app")
    log.setLevel(logging.ERROR)  # it warns about a token beside `authorize`, which is intended
    app = AsyncApp(
        name="chakra",
        client=web,
        authorize=_StaticAuthorize(_authorize_result(identity, web.token)),
        process_before_response=True,
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
        logger=log,
    )
    app.use(_DispatchMiddleware(dispatch))
    return app


def _authorize_result(identity: Mapping[str, Any], token: str | None) -> AuthorizeResult:
    return AuthorizeResult(
        enterprise_id=identity.get("enterprise_id"),
        team_id=identity.get("team_id"),
        team=identity.get("team"),
        url=identity.get("url"),
        bot_id=identity.get("bot_id"),
        bot_user_id=identity.get("user_id"),
        bot_token=token,
    )


class _StaticAuthorize(AsyncAuthorize):
    """One workspace, one token, known since the start."""

    def __init__(self, identity: AuthorizeResult) -> None:
        self._identity = identity

    async def __call__(self, **_: Any) -> AuthorizeResult:
        return self._identity


class _DispatchMiddleware(AsyncMiddleware):
    """Replace Bolt's listeners."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - the name is Bolt's
    ) -> BoltResponse:
        del resp, next
        try:
            ack = await self._dispatch(req.body)
        except RequestRejected as rejected:
            return BoltResponse(status=rejected.response.status, body=rejected.response.text)
        if ack is None:
            return BoltResponse(status=404, body="")
        return BoltResponse(status=200, body=ack.decode())
