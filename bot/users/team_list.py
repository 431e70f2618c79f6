"""Loads the team list: v2, else v1; phone numbers from single users if the list has none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from bot.aio.clock import Clock, wait_for
from bot.chakra.client import Chakra
from bot.chakra.models import User
from bot.errors import BotError, InvalidResponse, Rejected, ResourceNotFound
from bot.users.index import UserIndex, build_index

V1_FALLBACK_SECONDS = 1800.0
"""Seconds for which v1 is used directly after v2 turned out not to work."""

V2_TRUST_SECONDS = 86_400.0
"""Seconds after a valid v2 list for which an invalid one is an outage: a cached one is better."""

MAX_CONCURRENT_FETCHES = 8
MAX_FETCHED_USERS = 200
"""Users that a search by phone number loads if the list has no numbers."""
FETCH_TIMEOUT_SECONDS = 15.0
"""Time limit for loading them."""

FetchUser = Callable[[str], Awaitable[User]]
"""Loads a user by ID."""


class TeamList:
    def __init__(self, chakra: Chakra, clock: Clock) -> None:
        self._users = chakra.users
        self._clock = clock
        self._v1_until = 0.0
        self._v2_until = 0.0

    @property
    def uses_v1(self) -> bool:
        """Whether v2 turned out not to work."""
        return self._clock.monotonic() < self._v1_until

    async def load(self) -> UserIndex:
        """Return the index. Raises the ``ChakraError``s of the list that was tried last."""
        return build_index(await self._fetch_users())

    async def _fetch_users(self) -> Sequence[User]:
        """Return the v2 list, whose body is INFERRED, else the documented v1 list.

        v1 has no phone numbers, and IDs for role and team.
        """
        if self.uses_v1:
            return await self._users.list_v1()
        v2_users = await self._fetch_v2()
        if _has_emails(v2_users):
            return v2_users
        v1_users = await self._users.list_v1()
        if _has_emails(v1_users):
            self._v1_until = self._clock.monotonic() + V1_FALLBACK_SECONDS
            return v1_users
        return v2_users or v1_users

    async def _fetch_v2(self) -> Sequence[User]:
        """Return no users if v2 refuses or is invalid. Raise outages: v1 would be down, too.

        An invalid list after valid ones is an outage: v1 knows less.
        """
        try:
            users = await self._users.list()
        except Rejected:
            return ()
        except InvalidResponse:
            if self._clock.monotonic() < self._v2_until:
                raise
            return ()
        if _has_emails(users):
            self._v2_until = self._clock.monotonic() + V2_TRUST_SECONDS
        return users


def _has_emails(users: Iterable[User]) -> bool:
    """Return whether any user has an address. A real list always has some."""
    return any(user.emails for user in users)


async def load_phones(index: UserIndex, fetch: FetchUser, clock: Clock) -> UserIndex:
    """Return the index with phone numbers, loading single users within the limits above.

    Users that couldn't be loaded stay in the index, and are counted in ``unavailable_count``.
    """
    users = {user.id: user for user in index.users}
    unavailable = set(users)

    async def fetch_pending(waiting: Iterator[str]) -> None:
        for user_id in waiting:
            try:
                users[user_id] = await fetch(user_id)
            except ResourceNotFound:
                del users[user_id]  # deleted since the list was loaded
            except BotError:
                continue
            unavailable.discard(user_id)

    pending_ids = iter(list(users)[:MAX_FETCHED_USERS])
    try:
        workers = [fetch_pending(pending_ids) for _ in range(MAX_CONCURRENT_FETCHES)]
        await wait_for(clock, _run_concurrently(workers), FETCH_TIMEOUT_SECONDS)
    except TimeoutError:
        pass  # counted in unavailable_count
    return build_index(users.values(), unavailable_count=len(unavailable))


async def _run_concurrently(awaitables: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*awaitables)
