"""The scopes of the token: what Slack's header means, and one log line per change."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bot.slack.scopes import GrantedScopes

REQUIRED = frozenset({"commands", "chat:write"})
OPTIONAL = {"files:read": "files", "files:write": "reports"}


@pytest.mark.parametrize(
    ("header", "declined"),
    [
        ("commands,chat:write,files:read,files:write", []),
        ("identify,commands,chat:write,files:read,files:write,links:read", []),
        (" commands , chat:write , files:write ", ["files:read"]),
        ("commands,chat:write", ["files:read", "files:write"]),
        ("chat:write,commands,files:reading", ["files:read", "files:write"]),
        ("", []),
        (" , ", []),
    ],
)
def test_header_names_the_granted_scopes(header: str, declined: list[str]) -> None:
    scopes = GrantedScopes(REQUIRED, OPTIONAL)
    scopes.update(header)
    assert list(scopes.declined) == declined
    assert all(not scopes.has(scope) for scope in declined)
    assert scopes.has("commands")


def test_each_change_is_logged_once() -> None:
    scopes = GrantedScopes(REQUIRED, OPTIONAL)
    with capture_logs() as lines:
        for header in ("commands,chat:write,files:read",) * 3:
            scopes.update(header)
        assert [line["off"] for line in lines] == [{"files:write": "reports"}]
        scopes.update("")
        scopes.update("commands,chat:write,files:read,files:write")
        assert len(lines) == 1
        assert scopes.has("files:write")
        scopes.update("commands,files:read,files:write")
    assert [line["event"] for line in lines[1:]] == ["required_scopes_missing"]
