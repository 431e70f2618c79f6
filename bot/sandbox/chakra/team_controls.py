"""The people of the embedded Chakra, as its administrators see and change them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from bot.aio.clock import Clock
from bot.sandbox.chakra.user import EmbeddedUser, to_snake_case
from bot.sandbox.chakra.users import UsersResource


class TeamControls:
    _users: UsersResource
    _clock: Clock

    @property
    def users(self) -> tuple[EmbeddedUser, ...]:
        """All people in their current state, in list order."""
        return tuple(self._users.users.values())

    def find_user(self, key: str) -> EmbeddedUser:
        """Return the person with this ID, username or email address. Raise ``KeyError``."""
        for person in self.users:
            if key in (person.id, person.username, *(email.address for email in person.emails)):
                return person
        raise KeyError(key)

    def add_user(self, **overrides: Any) -> EmbeddedUser:
        """Add an ordinary person with an email address; ``overrides`` are ``CachedUser`` fields."""
        given = to_snake_case(overrides)
        number = len(self._users.users) + 1
        username = given.get("username", f"person{number}")
        ordinary = {
            "id": str(uuid4()),
            "username": username,
            "first_name": "Person",
            "last_name": f"Number{number}",
            "emails": [given.get("primary_email") or f"{username}@acme.com"],
        }
        person = EmbeddedUser.model_validate({**ordinary, **given})
        self._users.users[person.id] = person
        return person

    def update_user(self, key: str, **changes: Any) -> EmbeddedUser:
        """Change any field, as if someone had edited it in the Chakra dashboard."""
        now = int(self._clock.time() * 1000)
        changed = self.find_user(key).with_changes(**{"updated_at": now, **changes})
        self._users.users[changed.id] = changed
        return changed

    def delete_user(self, key: str) -> None:
        """Delete the person: they leave the lists, and their ID is unknown."""
        del self._users.users[self.find_user(key).id]

    def _is_team_user(self, name: str) -> bool:
        """Return whether the username or email address is a team member's; examples use both."""
        return any(
            name in (user.username, *(email.address for email in user.emails))
            for user in self.users
            if not user.is_deleted
        )
