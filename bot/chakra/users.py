"""The five user endpoints (API.md, Users)."""

from __future__ import annotations

from bot.chakra.models import User, UserChanges
from bot.chakra.paging import fetch_all_pages
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.error_mapping import build_not_found
from bot.chakra.transport.exchange import ChakraResponse
from bot.chakra.transport.http import Http

USER_V1_PATH = "/v1/ext/user/{userId}"
USER_V2_PATH = "/v2/ext/user/{userId}"
USERS_V1_PATH = "/v1/ext/users"
USERS_V2_PATH = "/v2/ext/users"


class UsersApi:
    """The Chakra team. Methods raise the errors of ``Http.get`` and ``Http.write``."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self, user_id: str) -> User:
        """Return a user, with team and role as short IDs. CONFIRMED, with a full example.

        ``user_id`` is a UUID; whether a username or an email address works is UNKNOWN. The response
        for an unknown ID is UNKNOWN too: for a 404 and a null ``_data``, raise
        ``ResourceNotFound``.
        """
        return _parse_user(await self._http.get(USER_V2_PATH, {"userId": user_id}), user_id)

    async def fetch_v1(self, user_id: str) -> User:
        """Return a user, with team and role as UUIDs."""
        return _parse_user(await self._http.get(USER_V1_PATH, {"userId": user_id}), user_id)

    async def list(self) -> tuple[User, ...]:
        """Return the whole team; whether deleted and inactive members are included is UNKNOWN.

        Path and purpose are CONFIRMED, the body is INFERRED from ``list_v1`` and ``fetch``.
        """
        return await fetch_all_pages(self._http, USERS_V2_PATH, User)

    async def list_v1(self) -> tuple[User, ...]:
        """Return the whole team, without phone numbers and reportees. CONFIRMED."""
        return await fetch_all_pages(self._http, USERS_V1_PATH, User)

    async def update(self, user_id: str, changes: UserChanges) -> User | None:
        """Update a user and return it, in v1 form; ``None`` if the response has no user.

        Path and body are CONFIRMED. The method is INFERRED: the page prints GET, which has no
        body; PUT is the verb of the API's other updates. The body of the response is INFERRED. The
        write is not retried once it may have arrived: raise ``OutcomeUnknown``.
        """
        response = await self._http.write(
            "PUT", USER_V1_PATH, {"userId": user_id}, body=changes.to_body()
        )
        if response.status == 204:
            return None
        data = parse_envelope(response).data
        has_user = isinstance(data, dict) and data.get("id")
        return parse_envelope(response).parse_resource(User, user_id) if has_user else None


def _parse_user(response: ChakraResponse, user_id: str) -> User:
    envelope = parse_envelope(response)
    if envelope.data is None:
        raise build_not_found(response)
    return envelope.parse_resource(User, user_id)
