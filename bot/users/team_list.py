"""Where the list of the team comes from: v2, v1 where that does not work, cards for the phones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from bot.aio.clock import Clock, wait_for
from bot.chakra.client import Chakra
from bot.chakra.models import User
from bot.errors import BotError, InvalidResponse, Rejected, ResourceNotFound
from bot.users.index import UserIndex, build_index

V1_FALLBACK_SECONDS = 1800.0
"""Seconds for which the v1 list is asked at once, after v2 was found not to work."""

MAX_CONCURRENT_FETCHES = 8
MAX_FETCHED_USERS = 200
"""Cards that one search by phone number reads, where the list has no numbers."""
FETCH_TIMEOUT_SECONDS = 15.0
"""Seconds that it takes for that."""

FetchUser = Callable[[str], Awaitable[User]]
"""A user's card by id."""


class TeamList:
    def __init__(self, chakra: Chakra, clock: Clock) -> None:
        self._users = chakra.users
        self._clock = clock
        self._v1_until = 0.0

    async def load(self) -> UserIndex:
        """Raises the ``ChakraError``s of the last list that was asked for."""
        return build_index(await self._fetch_users())

    async def _fetch_users(self) -> Sequence[User]:
        """The body of the v2 list is INFERRED; the v1 list is documented, without phone numbers
        and with ids for role and team."""
        if self._clock.monotonic() < self._v1_until:
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
        """Nobody where v2 refuses or cannot be read; being down is no reason to try the other."""
        try:
            return await self._users.list()
        except (Rejected, InvalidResponse):
            return ()


def _has_emails(users: Iterable[User]) -> bool:
    """A list in which nobody has an address has lost its addresses on the way."""
    return any(user.emails for user in users)


async def load_phones(index: UserIndex, fetch: FetchUser, clock: Clock) -> UserIndex:
    """The list once more from cards, read a few at a time within the bounds above. Whose card could
    not be read is in it all the same, and counted in ``unread``."""
    users = {user.id: user for user in index.users}
    unavailable = set(users)

    async def fetch_pending(waiting: Iterator[str]) -> None:
        for user_id in waiting:
            try:
                users[user_id] = await fetch(user_id)
            except ResourceNotFound:
                del users[user_id]  # gone since the list was read
            except BotError:
                continue
            unavailable.discard(user_id)

    pending_ids = iter(list(users)[:MAX_FETCHED_USERS])
    try:
        workers = [fetch_pending(pending_ids) for _ in range(MAX_CONCURRENT_FETCHES)]
        await wait_for(clock, _run_concurrently(workers), FETCH_TIMEOUT_SECONDS)
    except TimeoutError:
        pass  # `unread` tells
    return build_index(users.values(), unavailable_count=len(unavailable))


async def _run_concurrently(awaitables: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*awaitables)
