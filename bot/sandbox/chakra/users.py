"""The user endpoints, v1 and v2: list, fetch and update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.team import EmbeddedTeam
from bot.sandbox.chakra.user import EmbeddedUser, is_uuid
from bot.sandbox.chakra.user_serializer import UserSerializer

WRITABLE_FIELDS = frozenset(
    {"firstName", "lastName", "middleName", "displayName", "gender", "bio", "timezone"}
)
"""``firstName`` and ``lastName`` are documented. The rest is INFERRED: plain text about a person.
Everything else (role, isActive, availabilityStatus, …) is UNKNOWN and refused."""


class UsersResource:
    """The people by ID, in list order."""

    def __init__(
        self,
        users: tuple[EmbeddedUser, ...],
        team: EmbeddedTeam,
        clock: Clock,
        picture_url: Callable[[EmbeddedUser], str],
    ) -> None:
        self.users = {person.id: person for person in users}
        self._clock = clock
        self._serializer = UserSerializer(team, picture_url)

    def build_routes(self) -> list[Route]:
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
        return envelope.build_data_response(
            [self._serializer.to_list_item_v1(user) for user in self.users.values()]
        )

    async def _list_v2(self, _: Request) -> Response:
        return envelope.build_data_response(
            [self._serializer.to_v2(user) for user in self.users.values()]
        )

    async def _fetch_v1(self, request: Request) -> Response:
        return envelope.build_data_response(
            self._serializer.to_detail_v1(self._require_user(request))
        )

    async def _fetch_v2(self, request: Request) -> Response:
        return envelope.build_data_response(self._serializer.to_v2(self._require_user(request)))

    async def _update(self, request: Request) -> Response:
        person = self._require_user(request)
        changes = _check_changes(await envelope.read_json_object(request))
        updated = person.with_changes(**changes, updated_at=int(self._clock.time() * 1000))
        self.users[person.id] = updated
        return envelope.build_data_response(self._serializer.to_detail_v1(updated))

    def _require_user(self, request: Request) -> EmbeddedUser:
        """Return the requested person by ID. Status codes and messages are INFERRED.

        Whether a username or an email address would work is UNKNOWN.
        """
        user_id = request.path_params["id"]
        if not is_uuid(user_id):
            raise envelope.RequestError(400, "userId is not a valid UUID")
        person = self.users.get(user_id.lower())
        if person is None:
            raise envelope.RequestError(404, "User not found")
        return person


def _check_changes(changes: dict[str, Any]) -> dict[str, str]:
    for field, value in changes.items():
        if field not in WRITABLE_FIELDS:
            raise envelope.RequestError(400, f"{field} cannot be updated")
        if not isinstance(value, str):
            raise envelope.RequestError(400, f"{field} is not a string")
    return changes
