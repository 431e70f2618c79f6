"""Know which scopes the bot token has, and what is off without those that were declined.

docs.slack.dev/changelog/2026/03/16/optional-scopes
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog


class GrantedScopes:
    """The scopes of the bot token, as Slack listed them last; all of them until it has.

    ``required`` and ``optional`` are those of the manifest; the values of ``optional`` say what is
    off without each.
    """

    def __init__(self, required: frozenset[str], optional: Mapping[str, str]) -> None:
        self._required = required
        self._optional = optional
        self._missing: frozenset[str] = frozenset()
        self._log = structlog.get_logger("slack")

    def update(self, header: str) -> None:
        """Store the scopes of the header ``x-oauth-scopes``; log missing ones once per change."""
        granted = {scope.strip() for scope in header.split(",") if scope.strip()}
        if not granted:
            return  # Slack listed none, so nothing is known
        missing = (self._required | self._optional.keys()) - granted
        if missing == self._missing:
            return
        self._missing = missing
        if lacking := sorted(missing & self._required):
            self._log.error("required_scopes_missing", scopes=lacking)
        if declined := self.declined:
            self._log.warning("optional_scopes_declined", off=declined)

    def has(self, scope: str) -> bool:
        return scope not in self._missing

    @property
    def declined(self) -> dict[str, str]:
        """The optional scopes that are missing, each with what is off without it."""
        return {scope: off for scope, off in self._optional.items() if scope in self._missing}
