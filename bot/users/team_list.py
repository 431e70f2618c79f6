"""Where the list of the team comes from: v2, v1 where that does not work, cards for the phones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from bot.aio.clock import Clock, within
from bot.chakra.client import Chakra
from bot.chakra.models import User
from bot.errors import BotError, Missing, Rejected, Unreadable
from bot.users.index import Roster, roster

V1_SPELL = 1800.0
"""Seconds for which the v1 list is asked at once, after v2 was found not to work."""

CARDS_AT_ONCE = 8
MOST_CARDS = 200
"""Cards that one search by phone number reads, where the list has no numbers."""
CARDS_PATIENCE = 15.0
"""Seconds that it takes for that."""

Fetch = Callable[[str], Awaitable[User]]
"""A user's card by id."""


class TeamList:
    def __init__(self, chakra: Chakra, clock: Clock) -> None:
        self._users = chakra.users
        self._clock = clock
        self._v1_until = 0.0

    async def load(self) -> Roster:
        """Raises the ``ChakraError``s of the last list that was asked for."""
        return roster(await self._people())

    async def _people(self) -> Sequence[User]:
        """The body of the v2 list is INFERRED; the v1 list is documented, without phone numbers
        and with ids for role and team."""
        if self._clock.monotonic() < self._v1_until:
            return await self._users.list_v1()
        newer = await self._newer()
        if _searchable(newer):
            return newer
        older = await self._users.list_v1()
        if _searchable(older):
            self._v1_until = self._clock.monotonic() + V1_SPELL
            return older
        return newer or older

    async def _newer(self) -> Sequence[User]:
        """Nobody where v2 refuses or cannot be read; being down is no reason to try the other."""
        try:
            return await self._users.list()
        except (Rejected, Unreadable):
            return ()


def _searchable(people: Iterable[User]) -> bool:
    """A list in which nobody has an address has lost its addresses on the way."""
    return any(user.emails for user in people)


async def with_phones(listed: Roster, fetch: Fetch, clock: Clock) -> Roster:
    """The list once more from cards, read a few at a time within the bounds above. Whose card could
    not be read is in it all the same, and counted in ``unread``."""
    cards = {user.id: user for user in listed.people}
    unread = set(cards)

    async def read_on(waiting: Iterator[str]) -> None:
        for user_id in waiting:
            try:
                cards[user_id] = await fetch(user_id)
            except Missing:
                del cards[user_id]  # gone since the list was read
            except BotError:
                continue
            unread.discard(user_id)

    waiting = iter(list(cards)[:MOST_CARDS])
    try:
        readers = [read_on(waiting) for _ in range(CARDS_AT_ONCE)]
        await within(clock, _together(readers), CARDS_PATIENCE)
    except TimeoutError:
        pass  # `unread` tells
    return roster(cards.values(), unread=len(unread))


async def _together(work: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*work)
