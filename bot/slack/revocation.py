"""The end of an installation: the app was uninstalled or its token revoked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from bot.aio.clock import Clock, sleep
from bot.errors import SlackError
from bot.slack.client.web_api import SlackClient
from bot.slack.events import TOKENS_REVOKED, SlackEvent

REVOKED_CODES: Final = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)
"""Codes of auth.test for a token that no longer works.

docs.slack.dev/reference/methods/auth.test
"""

RETRY_SECONDS = (1.0, 5.0, 20.0)
"""Seconds between attempts to ask Slack about the token; all within the time of one request."""

StopWorkspace = Callable[[str, str], Awaitable[None]]
"""Stop a workspace; takes its team ID and the reason."""


class Revocation:
    """Stop a workspace once Slack confirms that its token no longer works.

    An event may arrive hours late, when the app is installed again, or be about a person's token.
    """

    def __init__(self, slack: SlackClient, clock: Clock, stop: StopWorkspace) -> None:
        self._slack = slack
        self._clock = clock
        self._stop = stop
        self._log = structlog.get_logger("slack_events")

    async def handle(self, event: SlackEvent) -> None:
        """Stop the workspace if its token is gone. Raise ``SlackError`` if that is unclear."""
        if event.name == TOKENS_REVOKED and not _has_bot_token(event):
            return
        if await self._is_token_revoked():
            await self._stop(event.workspace, event.name)
        else:
            self._log.warning("revocation_ignored", event_type=event.name, reason="token works")

    async def _is_token_revoked(self) -> bool:
        for delay in (*RETRY_SECONDS, None):
            try:
                await self._slack.call("auth.test")
            except SlackError as error:
                if error.code in REVOKED_CODES:
                    return True
                if delay is None:
                    raise
                await sleep(self._clock, delay)
            else:
                return False
        raise AssertionError("the last attempt returns or raises")


def _has_bot_token(event: SlackEvent) -> bool:
    tokens = event.body.get("tokens")
    return isinstance(tokens, dict) and bool(tokens.get("bot"))
