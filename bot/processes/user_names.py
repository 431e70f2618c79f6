"""What records need from the team: names in place of usernames and IDs."""

from __future__ import annotations

from typing import Protocol


class UserNames(Protocol):
    """The names of the team, which stand in records as usernames and IDs."""

    def get_cached_name(self, reference: str) -> str:
        """Return the name of a user by ID, username or address, "" if it isn't known by now."""

    async def load_names(self) -> None:
        """Wait briefly until the names are known. Never raise."""
