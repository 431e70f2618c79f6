"""The user endpoints, v1 and v2: list, fetch and update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.people import Person, is_uuid
from bot.sandbox.chakra.team import Team
from bot.sandbox.chakra.user_bodies import UserBodies

WRITABLE = frozenset(
    {"firstName", "lastName", "middleName", "displayName", "gender", "bio", "timezone"}
)
"""``firstName`` and ``lastName`` are documented. The rest is INFERRED: plain text about a person.
Everything else (role, isActive, availabilityStatus, …) is UNKNOWN and refused."""


class UsersResource:
    """The people by ID, in list order."""

    def __init__(
        self,
        people: tuple[Person, ...],
        team: Team,
        clock: Clock,
        picture_url: Callable[[Person], str],
    ) -> None:
        self.people = {person.id: person for person in people}
        self._clock = clock
        self._bodies = UserBodies(team, picture_url)

    def routes(self) -> list[Route]:
        # The update's verb is documented as GET, which can't carry its body; PUT is INFERRED.
        return [
            Route("/v1/ext/users", self._list_v1, methods=["GET"]),
            Route("/v2/ext/users", self._list_v2, methods=["GET"]),
            Route("/v1/ext/user/{id}", self._fetch_v1, methods=["GET"]),
            Route("/v2/ext/user/{id}", self._fetch_v2, methods=["GET"]),
            Route("/v1/ext/user/{id}", self._update, methods=["PUT"]),
        ]

    # Whether inactive and deleted people are listed is UNKNOWN: they are, so that a client that
    # ignores the two flags fails here.
    async def _list_v1(self, _: Request) -> Response:
        return envelope.data([self._bodies.listed_v1(one) for one in self.people.values()])

    async def _list_v2(self, _: Request) -> Response:
        return envelope.data([self._bodies.v2(one) for one in self.people.values()])

    async def _fetch_v1(self, request: Request) -> Response:
        return envelope.data(self._bodies.fetched_v1(self._asked_for(request)))

    async def _fetch_v2(self, request: Request) -> Response:
        return envelope.data(self._bodies.v2(self._asked_for(request)))

    async def _update(self, request: Request) -> Response:
        person = self._asked_for(request)
        changes = _checked(await envelope.json_object(request))
        updated = person.changed(**changes, updated_at=int(self._clock.time() * 1000))
        self.people[person.id] = updated
        return envelope.data(self._bodies.fetched_v1(updated))

    def _asked_for(self, request: Request) -> Person:
        """Return the requested person by ID. Status codes and messages are INFERRED.

        Whether a username or an email address would work is UNKNOWN.
        """
        user_id = request.path_params["id"]
        if not is_uuid(user_id):
            raise envelope.Refused(400, "userId is not a valid UUID")
        person = self.people.get(user_id.lower())
        if person is None:
            raise envelope.Refused(404, "User not found")
        return person


def _checked(changes: dict[str, Any]) -> dict[str, str]:
    for field, value in changes.items():
        if field not in WRITABLE:
            raise envelope.Refused(400, f"{field} cannot be updated")
        if not isinstance(value, str):
            raise envelope.Refused(400, f"{field} is not a string")
    return changes
