"""The five user endpoints (contract section 5)."""

from __future__ import annotations

from bot.chakra.models import User, UserChanges
from bot.chakra.paging import every
from bot.chakra.transport.envelope import read
from bot.chakra.transport.error_mapping import missing
from bot.chakra.transport.exchange import Answer
from bot.chakra.transport.http import Http

ONE_V1 = "/v1/ext/user/{userId}"
ONE_V2 = "/v2/ext/user/{userId}"
ALL_V1 = "/v1/ext/users"
ALL_V2 = "/v2/ext/users"


class Users:
    """Raises the `ChakraError`s of `Http.get` and `Http.write`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self, user_id: str) -> User:
        """Team and role as short ids. CONFIRMED, with a full example.

        `user_id` is a UUID; whether a username or an address would do is UNKNOWN. What an unknown
        id is answered with is UNKNOWN too: 404 and a `_data` of null are both `Missing`.
        """
        return _one(await self._http.get(ONE_V2, {"userId": user_id}))

    async def fetch_v1(self, user_id: str) -> User:
        """Team and role as UUIDs."""
        return _one(await self._http.get(ONE_V1, {"userId": user_id}))

    async def list(self) -> tuple[User, ...]:
        """The whole team, deleted and inactive members perhaps among them (UNKNOWN).

        Path and purpose are CONFIRMED, the body is INFERRED from `list_v1` and `fetch`.
        """
        return await every(self._http, ALL_V2, User)

    async def list_v1(self) -> tuple[User, ...]:
        """The whole team, without phone numbers and reportees. CONFIRMED."""
        return await every(self._http, ALL_V1, User)

    async def update(self, user_id: str, changes: UserChanges) -> User | None:
        """The user afterwards, in v1 form; None where Chakra accepted the change and described no
        user (204, or a `_data` that is none).

        Path and body are CONFIRMED. The method is INFERRED: the page prints GET, which carries no
        body; PUT is the verb of every other update of this API. The answer's body is INFERRED.
        Never repeated once it may have arrived: `OutcomeUnknown`.
        """
        answer = await self._http.write("PUT", ONE_V1, {"userId": user_id}, body=changes.body())
        if answer.status == 204:
            return None
        data = read(answer).data
        described = isinstance(data, dict) and data.get("id")
        return read(answer).one(User) if described else None


def _one(answer: Answer) -> User:
    envelope = read(answer)
    if envelope.data is None:
        raise missing(answer)
    return envelope.one(User)
