"""One Web API call: its arguments, the workspace, the app's scopes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.slack.limits import Finding
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.rates import TIERS, Rates
from bot.sandbox.slack.refusal import Refused
from bot.sandbox.slack.seed import APP_USER, Channel, Member
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]
Caller = Literal["bot", "app", "any", "none"]

PAGE_SIZE = 100
LARGEST_PAGE = 1_000
_TRUE = (True, "true", "1", 1)


@dataclass(frozen=True)
class Call:
    """A call; ``caller`` is the owner of its token: "bot", "app" or "none"."""

    name: str
    args: Mapping[str, Any]
    caller: Caller
    workspace: Workspace
    manifest: Manifest
    sockets: SocketMode
    rates: Rates
    base_url: str

    def text(self, name: str) -> str:
        """Return a required argument. Raise ``Refused`` (invalid_arguments) if it is missing."""
        value = self.args.get(name)
        if value in (None, ""):
            missing = Finding("shape", f"/{name}", f"missing required field: {name}")
            raise Refused("invalid_arguments", [missing])
        return str(value)

    def flag(self, name: str) -> bool:
        return self.args.get(name) in _TRUE

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.args.get(name) or default)
        except (TypeError, ValueError):
            wrong = Finding("shape", f"/{name}", "must provide an integer")
            raise Refused("invalid_arguments", [wrong]) from None

    def needs(self, scope: str) -> None:
        """Raise ``Refused`` (missing_scope) unless the manifest has ``scope``."""
        if scope not in self.manifest.scopes:
            provided = ",".join(self.manifest.scopes)
            raise Refused("missing_scope", needed=scope, provided=provided)

    def member(self, name: str = "user") -> Member:
        member = self.workspace.members.get(self.text(name))
        if member is None:
            raise Refused("user_not_found")
        return member

    def channel(self, name: str = "channel") -> Channel:
        """Return the channel, if it is visible to the app: private ones only to members."""
        channel = self.workspace.channels.get(self.text(name))
        if channel is None:
            raise Refused("channel_not_found")
        if channel.kind in ("private", "im") and APP_USER not in channel.members:
            raise Refused("channel_not_found")
        return channel

    def page(self, items: Sequence[Any]) -> tuple[list[Any], Json]:
        """Return one page by ``limit`` and ``cursor``, and its ``response_metadata``."""
        limit = min(self.number("limit", PAGE_SIZE), LARGEST_PAGE)
        if limit < 1:
            raise Refused("invalid_limit")
        start = _position(self.args.get("cursor"))
        after = start + limit
        cursor = _cursor(after) if after < len(items) else ""
        return list(items[start:after]), {"next_cursor": cursor}


@dataclass(frozen=True)
class Method:
    """A method; ``scope`` is checked before ``run``, scopes by kind of channel within it.

    ``a_minute`` is the rate limit of the workspace.
    """

    name: str
    run: Callable[[Call], Json]
    a_minute: int = TIERS[4]
    scope: str = ""
    caller: Caller = "bot"


def _cursor(position: int) -> str:
    return base64.b64encode(f"next:{position}".encode()).decode()


def _position(cursor: object) -> int:
    if cursor in (None, ""):
        return 0
    try:
        return int(base64.b64decode(str(cursor)).decode().removeprefix("next:"))
    except (binascii.Error, ValueError):
        raise Refused("invalid_cursor") from None
