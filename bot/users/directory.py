"""The Chakra team, read through the cache: one user, the list, and search."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from cachetools import LRUCache

from bot.aio.clock import Clock, wait_for
from bot.cache import Cache, Cached, CacheKind
from bot.chakra.client import Chakra
from bot.chakra.models import User, UserChanges
from bot.errors import BotError, InvalidResponse, Rejected, ResourceNotFound
from bot.slack.commands.reply import Message
from bot.text.phones import INTERNATIONAL, PhoneParser, format_international
from bot.users.index import Matches, UserIndex
from bot.users.names import (
    COOLDOWN_SECONDS,
    LOAD_TIMEOUT_SECONDS,
    NamesLoader,
    RoleAndTeamNames,
)
from bot.users.query import Query, parse_query
from bot.users.team_list import TeamList, load_phones

USER_CACHE_KIND = CacheKind("user", fresh_seconds=300)
TEAM_CACHE_KIND = CacheKind("users", fresh_seconds=300)
INDEX_CACHE_KEY = "list"
PHONE_INDEX_CACHE_KEY = "list with phones"

MIN_REFRESH_AGE_SECONDS = 30.0
"""Seconds: a younger list isn't loaded again because a search finds no one in it."""
ROLE_NAMES_TIMEOUT_SECONDS = 5.0
"""Seconds to wait for role names if the request depends on them."""


RenderedCards = LRUCache[Hashable, Message]
MAX_RENDERED_CARDS = 16
"""Cards of one user: readers differ in time zone and permissions."""


def _create_rendered_cards() -> RenderedCards:
    return LRUCache(MAX_RENDERED_CARDS)


@dataclass(frozen=True)
class CachedUser:
    """A loaded user with what is slow to derive: formatted phone numbers and rendered cards."""

    user: User
    formatted_phones: tuple[str, ...]
    rendered: RenderedCards = field(
        default_factory=_create_rendered_cards, compare=False, repr=False
    )


@dataclass(frozen=True)
class Profile:
    """What a card shows.

    ``reportee_names`` are those that are known without a request, of ``reportee_count`` people.
    ``rendered`` belongs to the loaded user, so it holds cards of their other profiles too.
    """

    user: User
    formatted_phones: tuple[str, ...] = ()
    team_name: str = ""
    role_name: str = ""
    reportee_names: tuple[str, ...] = ()
    reportee_count: int = 0
    rendered: RenderedCards = field(
        default_factory=_create_rendered_cards, compare=False, repr=False
    )


class Directory:
    """Looks users up. Its methods raise the client's ``ChakraError``s unless they say otherwise."""

    def __init__(
        self, chakra: Chakra, cache: Cache, clock: Clock, phones: PhoneParser = INTERNATIONAL
    ) -> None:
        self._users = chakra.users
        self._cache = cache
        self._clock = clock
        self._phones = phones
        self._team_list = TeamList(chakra, clock)
        self._names = NamesLoader(chakra, cache, clock)
        self._cooldown_until = 0.0

    async def get_user(self, user_id: str, *, refresh: bool = False) -> Cached[User]:
        """Return the user. Raise ``ResourceNotFound``, also for a deleted user."""
        person = await self._load_user(user_id, refresh=refresh)
        return person.with_value(person.value.user)

    async def get_profile(self, user_id: str, *, refresh: bool = False) -> Cached[Profile]:
        """Return the user with the names of role and team if they load quickly.

        Raise ``ResourceNotFound``.
        """
        names = self._names.get_cached()
        if names is not None:
            person = await self._load_user(user_id, refresh=refresh)
            return person.with_value(self._build_profile(person.value, names))
        names_task = asyncio.ensure_future(self._names.load())
        try:
            person = await self._load_user(user_id, refresh=refresh)
            return person.with_value(self._build_profile(person.value, await names_task))
        finally:
            names_task.cancel()

    def get_cached_user(self, user_id: str) -> User | None:
        """Return the cached user, however old, for a form that can't wait."""
        cached = self._cache.peek(USER_CACHE_KIND, user_id)
        if cached is not None:
            return _get_existing_user(cached)
        index = self._get_cached_index()
        return index.get(user_id) if index else None

    async def get_last_known(self, user_id: str) -> User:
        """Return the cached user, however old, or load them. Raise ``ResourceNotFound``."""
        return self.get_cached_user(user_id) or (await self.get_user(user_id)).value

    async def get_index(self, *, refresh: bool = False) -> Cached[UserIndex]:
        if refresh:
            self._cache.invalidate(TEAM_CACHE_KIND, PHONE_INDEX_CACHE_KEY)
        return await self._cache.get(
            TEAM_CACHE_KIND, INDEX_CACHE_KEY, self._team_list.load, refresh=refresh
        )

    async def find(self, text: str) -> Cached[Matches]:
        """Return the users who match an ID, email address, phone number, username or name.

        If no one matches exactly, a list that isn't new is loaded again. Raise ``ResourceNotFound``
        for an unknown ID, and the ``ChakraError`` if no one matches in a stale list that can't be
        refreshed.
        """
        query = parse_query(text, self._phones)
        if query.id:
            found = await self.get_user(query.id)
            return found.with_value(Matches((found.value,), 1))
        matches = await self._search(query)
        if matches.age_seconds >= MIN_REFRESH_AGE_SECONDS and (
            matches.value.fuzzy or not matches.value.total
        ):
            matches = await self._search(query, refresh=True)
        if matches.reason and not matches.value.total:
            raise matches.reason.with_traceback(None)
        return matches

    async def suggest_emails(self, email: str) -> tuple[str, ...]:
        """Return similar addresses from the list, the most similar first."""
        return (await self.get_index()).value.suggest_emails(email)

    async def get_names(self, *, wait: bool = False) -> RoleAndTeamNames:
        """Return the names of roles and teams. Never raises. ``wait`` if they are essential."""
        return await (self._names.load(ROLE_NAMES_TIMEOUT_SECONDS) if wait else self._names.load())

    async def update(self, user_id: str, changes: UserChanges) -> User | None:
        """Return the user in v1 form if Chakra's answer has it.

        The cache is invalidated even on error: the update may have happened.
        """
        try:
            return await self._users.update(user_id, changes)
        finally:
            self._cache.invalidate(USER_CACHE_KIND, user_id)
            self._cache.invalidate(TEAM_CACHE_KIND)

    async def _load_user(self, user_id: str, *, refresh: bool = False) -> Cached[CachedUser]:
        async def load() -> CachedUser:
            user = await self._fetch_user(user_id)
            return CachedUser(user, tuple([format_international(phone) for phone in user.phones]))

        person = await self._cache.get(USER_CACHE_KIND, user_id, load, refresh=refresh)
        if person.value.user.is_deleted:
            raise ResourceNotFound("This user was deleted.")
        return person

    async def _fetch_user(self, user_id: str) -> User:
        """Return the v2 user; if this Chakra has no v2, the v1 one, whose team and role are IDs."""
        if not self._team_list.uses_v1:
            return await self._users.fetch(user_id)
        try:
            return await self._users.fetch(user_id)
        except (Rejected, InvalidResponse):
            return await self._users.fetch_v1(user_id)

    def _build_profile(self, cached_user: CachedUser, names: RoleAndTeamNames) -> Profile:
        user = cached_user.user
        return Profile(
            user=user,
            formatted_phones=cached_user.formatted_phones,
            team_name=names.find_team(user.team),
            role_name=names.find_role(user.role),
            reportee_names=self._list_reportee_names(user) if user.reportees else (),
            reportee_count=len(user.reportees),
            rendered=cached_user.rendered,
        )

    def _list_reportee_names(self, user: User) -> tuple[str, ...]:
        index = self._get_cached_index()
        found = []
        for reportee in user.reportees:
            known = index.get(reportee.id) if index else None
            found.append(known.name if known else reportee.name)
        return tuple([name for name in found if name])

    async def load_names(self) -> None:
        """Load the team for `get_cached_name`, unless it is cached. Never raise.

        A slower load continues, and serves later calls.
        """
        if self._get_cached_index() or self._clock.monotonic() < self._cooldown_until:
            return
        try:
            await wait_for(self._clock, self.get_index(), LOAD_TIMEOUT_SECONDS)
        except (BotError, TimeoutError):
            self._cooldown_until = self._clock.monotonic() + COOLDOWN_SECONDS

    def get_cached_name(self, reference: str) -> str:
        """Return the name of a user by ID, username or address; "" until the team is loaded."""
        index = self._get_cached_index()
        known = index.find_assignee(reference) if index else None
        return known.name if known else ""

    def _get_cached_index(self) -> UserIndex | None:
        cached = self._cache.peek(TEAM_CACHE_KIND, INDEX_CACHE_KEY)
        return cached.value if cached else None

    async def _search(self, query: Query, *, refresh: bool = False) -> Cached[Matches]:
        index = await self.get_index(refresh=refresh)
        if query.email:
            return index.with_value(index.value.find_by_email(query.email))
        if query.phone_candidates:
            return await self._search_by_phone(query, index)
        return index.with_value(index.value.find_by_name(query.text))

    async def _search_by_phone(self, query: Query, index: Cached[UserIndex]) -> Cached[Matches]:
        """Search phone numbers, then names: a username may be a number."""
        searched = index
        found = index.value.find_by_phone(query.phone_candidates)
        if not found.total and not index.value.has_phones:
            searched = await self._get_phone_index(index.value)
            found = searched.value.find_by_phone(query.phone_candidates)
        if found.total:
            return searched.with_value(found)
        called = index.value.find_by_name(query.text)
        return index.with_value(replace(called, unavailable_count=searched.value.unavailable_count))

    async def _get_phone_index(self, index: UserIndex) -> Cached[UserIndex]:
        async def fetch(user_id: str) -> User:
            return (await self.get_user(user_id)).value

        async def load() -> UserIndex:
            return await load_phones(index, fetch, self._clock)

        found = await self._cache.get(TEAM_CACHE_KIND, PHONE_INDEX_CACHE_KEY, load)
        if found.value.unavailable_count:
            # Incomplete: let the next search continue with the users that have been cached.
            self._cache.invalidate(TEAM_CACHE_KIND, PHONE_INDEX_CACHE_KEY)
        return found


def _get_existing_user(cached: Cached[CachedUser]) -> User | None:
    user = cached.value.user
    return None if user.is_deleted else user
