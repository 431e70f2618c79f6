"""The names of colleagues that records refer to by username or ID."""

from __future__ import annotations

from typing import Protocol

from bot.chakra.models import User
from bot.processes.record_query import ME, Person


class UserNames(Protocol):
    """The names of the team's users, for the usernames and IDs in records."""

    def get_cached_name(self, reference: str) -> str:
        """Return the name of a user by ID, username or address, "" if it isn't known yet."""

    async def load_names(self) -> None:
        """Wait briefly until the names are known. Never raise."""


def list_usernames(user: User) -> tuple[str, ...]:
    """Return the possible values of ``assignedTo``: a username (CONFIRMED), perhaps the address.

    Older documentation has the address.
    """
    names = (user.username, user.primary_email)
    return tuple(dict.fromkeys(name for name in names if name))


def format_person(person: Person, user: User | None) -> str:
    """Return a colleague's name for an echo."""
    if person.text == ME and not person.is_member_id:
        return "you"
    return user.name if user else person.text
