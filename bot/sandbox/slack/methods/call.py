"""One Web API call: its arguments, the workspace, the app's scopes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.slack.app_manifest import AppManifest
from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.limits import PayloadFinding
from bot.sandbox.slack.rate_limiter import TIERS, WebApiRateLimiter
from bot.sandbox.slack.seed import APP_USER, WorkspaceChannel, WorkspaceMember
from bot.sandbox.slack.socket_mode import SocketModeServer
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]
TokenType = Literal["bot", "app", "any", "none"]

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1_000
_TRUE_VALUES = (True, "true", "1", 1)


@dataclass(frozen=True)
class MethodCall:
    """A call; ``caller`` is the owner of its token: "bot", "app" or "none"."""

    name: str
    args: Mapping[str, Any]
    token_type: TokenType
    workspace: Workspace
    manifest: AppManifest
    sockets: SocketModeServer
    rate_limiter: WebApiRateLimiter
    base_url: str

    def require_text(self, name: str) -> str:
        """Return a required argument.

        Raise ``WebApiError`` (invalid_arguments) if it is missing.
        """
        value = self.args.get(name)
        if value in (None, ""):
            missing = PayloadFinding("shape", f"/{name}", f"missing required field: {name}")
            raise WebApiError("invalid_arguments", [missing])
        return str(value)

    def flag(self, name: str) -> bool:
        return self.args.get(name) in _TRUE_VALUES

    def read_integer(self, name: str, default: int) -> int:
        try:
            return int(self.args.get(name) or default)
        except (TypeError, ValueError):
            wrong = PayloadFinding("shape", f"/{name}", "must provide an integer")
            raise WebApiError("invalid_arguments", [wrong]) from None

    def require_scope(self, scope: str) -> None:
        """Raise ``WebApiError`` (missing_scope) unless the manifest has ``scope``."""
        if scope not in self.manifest.scopes:
            provided = ",".join(self.manifest.scopes)
            raise WebApiError("missing_scope", needed=scope, provided=provided)

    def require_member(self, name: str = "user") -> WorkspaceMember:
        member = self.workspace.members.get(self.require_text(name))
        if member is None:
            raise WebApiError("user_not_found")
        return member

    def require_channel(self, name: str = "channel") -> WorkspaceChannel:
        """Return the channel, if it is visible to the app: private ones only to members."""
        channel = self.workspace.channels.get(self.require_text(name))
        if channel is None:
            raise WebApiError("channel_not_found")
        if channel.kind in ("private", "im", "group", "pair") and APP_USER not in channel.members:
            raise WebApiError("channel_not_found")
        return channel

    def paginate(self, items: Sequence[Any]) -> tuple[list[Any], Json]:
        """Return one page by ``limit`` and ``cursor``, and its ``response_metadata``."""
        limit = min(self.read_integer("limit", DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE)
        if limit < 1:
            raise WebApiError("invalid_limit")
        start = _decode_cursor(self.args.get("cursor"))
        after = start + limit
        cursor = _encode_cursor(after) if after < len(items) else ""
        return list(items[start:after]), {"next_cursor": cursor}


@dataclass(frozen=True)
class Method:
    """A method; ``scope`` is checked before ``run``, scopes by kind of channel within it.

    ``a_minute`` is the rate limit of the workspace.
    """

    name: str
    run: Callable[[MethodCall], Json]
    calls_per_minute: int = TIERS[4]
    scope: str = ""
    token_type: TokenType = "bot"


def _encode_cursor(position: int) -> str:
    return base64.b64encode(f"next:{position}".encode()).decode()


def _decode_cursor(cursor: object) -> int:
    if cursor in (None, ""):
        return 0
    try:
        return int(base64.b64decode(str(cursor)).decode().removeprefix("next:"))
    except (binascii.Error, ValueError):
        raise WebApiError("invalid_cursor") from None
