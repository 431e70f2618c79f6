"""The Chakra team, read through the cache: one person, the whole list, and a search in it."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bot.aio.clock import Clock
from bot.cache import Cache, Cached
from bot.chakra.client import Chakra
from bot.chakra.models import User, UserChanges
from bot.errors import Missing
from bot.text.phones import written
from bot.users.index import Matches, Roster
from bot.users.names import Names, NamesReader
from bot.users.query import Query, read
from bot.users.team_list import TeamList, with_phones

T = TypeVar("T")

USER = "user"
USERS = "users"
LIST = "list"
LIST_WITH_PHONES = "list with phones"

YOUNG = 30.0
"""Seconds. A list younger than this is not read again because somebody is not in it."""
ROLES_PATIENCE = 5.0
"""Seconds to wait for the names of roles where they are what was asked for."""


@dataclass(frozen=True)
class Person:
    """``phones`` are the user's, written for people: kept, because that takes long. So is what a
    card drew of them (``drawn``), for as long as they are remembered."""

    user: User
    phones: tuple[str, ...]
    drawn: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Profile:
    """All that a card shows. ``team`` and ``role`` are labels; ``reportees`` are the names that are
    known without asking, of ``reportee_count`` people."""

    user: User
    phones: tuple[str, ...] = ()
    team: str = ""
    role: str = ""
    reportees: tuple[str, ...] = ()
    reportee_count: int = 0
    drawn: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)


class Directory:
    """Raises the ``ChakraError``s of the client, unless a method says otherwise."""

    def __init__(
        self, chakra: Chakra, cache: Cache, clock: Clock, *, region: str | None = None
    ) -> None:
        """``region`` is the country of phone numbers that are typed without a country code."""
        self._users = chakra.users
        self._cache = cache
        self._clock = clock
        self._region = region or None
        self._team_list = TeamList(chakra, clock)
        self._names = NamesReader(chakra, cache, clock)

    async def user(self, user_id: str, *, refresh: bool = False) -> Cached[User]:
        """Always from the v2 fetch. Raises ``Missing`` for a deleted user, too."""
        person = await self._person(user_id, refresh=refresh)
        return _holding(person, person.value.user)

    async def profile(self, user_id: str, *, refresh: bool = False) -> Cached[Profile]:
        """Like :meth:`user`, with names for the ids, as far as they can be had quickly."""
        names = self._names.at_hand()
        if names is not None:
            person = await self._person(user_id, refresh=refresh)
            return _holding(person, self._profile(person.value, names))
        naming = asyncio.ensure_future(self._names.get())
        try:
            person = await self._person(user_id, refresh=refresh)
            return _holding(person, self._profile(person.value, await naming))
        finally:
            naming.cancel()

    def remembered(self, user_id: str) -> User | None:
        """What is known without asking, however old: for a form that must open at once."""
        held = self._cache.peek(USER, user_id)
        if held is not None:
            return _user(held)
        listed = self._listed()
        return listed.with_id(user_id) if listed else None

    async def everyone(self, *, refresh: bool = False) -> Cached[Roster]:
        if refresh:
            self._cache.invalidate(USERS, LIST_WITH_PHONES)
        return await self._cache.get(USERS, LIST, self._team_list.load, refresh=refresh)

    async def find(self, text: str) -> Cached[Matches]:
        """By id (then no list is read), e-mail address, phone number, username or name.

        The age is the list's. Where nobody is called exactly so, a list that is not quite new is
        read once more. No matches where there is nobody; ``Missing`` for an unknown id; and the
        outage itself, where only an old list says that there is nobody.
        """
        query = read(text, self._region)
        if query.id:
            found = await self.user(query.id)
            return _holding(found, Matches((found.value,), 1))
        matches = await self._search(query)
        if matches.age_seconds >= YOUNG and (matches.value.close or not matches.value.total):
            matches = await self._search(query, refresh=True)
        if matches.reason and not matches.value.total:
            raise matches.reason.with_traceback(None)
        return matches

    async def near_emails(self, email: str) -> tuple[str, ...]:
        """Addresses in the list that a mistyped one may have meant, the likeliest first."""
        return (await self.everyone()).value.near_emails(email)

    async def names(self, *, wait: bool = False) -> Names:
        """Of roles and teams; never fails. ``wait`` where the answer is about nothing else."""
        return await (self._names.get(ROLES_PATIENCE) if wait else self._names.get())

    async def update(self, user_id: str, changes: UserChanges) -> User | None:
        """The user in v1 form, where Chakra describes it. Whatever comes of it, the next look asks
        Chakra anew: a write whose outcome is unknown may have happened."""
        try:
            return await self._users.update(user_id, changes)
        finally:
            self._cache.invalidate(USER, user_id)
            self._cache.invalidate(USERS)

    async def _person(self, user_id: str, *, refresh: bool = False) -> Cached[Person]:
        async def load() -> Person:
            user = await self._users.fetch(user_id)
            return Person(user, tuple([written(phone) for phone in user.phones]))

        person = await self._cache.get(USER, user_id, load, refresh=refresh)
        if person.value.user.is_deleted:
            raise Missing("This user was deleted.")
        return person

    def _profile(self, person: Person, names: Names) -> Profile:
        user = person.user
        return Profile(
            user=user,
            phones=person.phones,
            team=names.team(user.team),
            role=names.role(user.role),
            reportees=self._reportees(user) if user.reportees else (),
            reportee_count=len(user.reportees),
            drawn=person.drawn,
        )

    def _reportees(self, user: User) -> tuple[str, ...]:
        listed = self._listed()
        found = []
        for reportee in user.reportees:
            known = listed.with_id(reportee.id) if listed else None
            found.append(known.name if known else reportee.name)
        return tuple([name for name in found if name])

    def _listed(self) -> Roster | None:
        held = self._cache.peek(USERS, LIST)
        return held.value if held else None

    async def _search(self, query: Query, *, refresh: bool = False) -> Cached[Matches]:
        listed = await self.everyone(refresh=refresh)
        if query.email:
            return _holding(listed, listed.value.with_email(query.email))
        if query.phones:
            return await self._search_phone(query, listed)
        return _holding(listed, listed.value.called(query.text))

    async def _search_phone(self, query: Query, listed: Cached[Roster]) -> Cached[Matches]:
        """Among the numbers; else among the names, since a username may be one."""
        having = listed
        found = listed.value.with_phone(query.phones)
        if not found.total and not listed.value.knows_phones:
            having = await self._list_with_phones(listed.value)
            found = having.value.with_phone(query.phones)
        if found.total:
            return _holding(having, found)
        called = listed.value.called(query.text)
        return _holding(listed, replace(called, unread=having.value.unread))

    async def _list_with_phones(self, listed: Roster) -> Cached[Roster]:
        async def fetch(user_id: str) -> User:
            return (await self.user(user_id)).value

        async def load() -> Roster:
            return await with_phones(listed, fetch, self._clock)

        found = await self._cache.get(USERS, LIST_WITH_PHONES, load)
        if found.value.unread:
            # Not the last word: the next search goes on from the cards that are cached by now.
            self._cache.invalidate(USERS, LIST_WITH_PHONES)
        return found


def _holding(cached: Cached[Any], value: T) -> Cached[T]:
    """``value`` with the age of what it was made from."""
    return Cached(value, cached.age_seconds, cached.stale, cached.reason)


def _user(held: Cached[Person]) -> User | None:
    user = held.value.user
    return None if user.is_deleted else user
