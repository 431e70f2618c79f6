"""The team as a table: which people, in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rapidfuzz import fuzz, process

from bot.chakra.models import User
from bot.text.normalize import fold, tokens
from bot.users.index import FEWEST_LETTERS, Roster, name_order
from bot.users.names import Names

ACTIVE, INACTIVE, ALL = "active", "inactive", "all"
STATUSES = (ACTIVE, INACTIVE, "available", "away", "busy", ALL)
"""Of these, ``available``, ``away`` and ``busy`` are availabilities, of active people only."""
SORTS = ("name", "role", "status", "newest")
CLOSE_ROLE = 75
"""rapidfuzz's ratio (0-100) from which a misspelt role is taken for one."""
LONG_AGO = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Filter:
    """``words`` as typed, each the beginning of a name, a username or an address; ``roles`` are
    labels, none for all of them."""

    words: str = ""
    roles: tuple[str, ...] = ()
    status: str = ACTIVE
    sort: str = "name"


def listing(roster: Roster, names: Names, wanted: Filter) -> tuple[User, ...]:
    called = _called(roster, wanted.words) if wanted.words else None
    people = [
        user
        for place, user in enumerate(roster.people)
        if _in_status(user, wanted.status)
        and (not wanted.roles or names.role(user.role) in wanted.roles)
        and (called is None or place in called)
    ]
    return tuple(sorted(people, key=_orders(names)[wanted.sort]))


def roles_called(typed: str, roles: Sequence[str]) -> tuple[str, ...]:
    """The labels meant by a typed role: the very one, those with its words, or the closest."""
    folded = {role: " ".join(tokens(role)) for role in roles}
    sought = " ".join(tokens(typed.replace("_", " ")))
    if not sought:
        return ()
    exact = tuple(role for role in roles if folded[role] == sought)
    having = tuple(role for role in roles if _begun(sought.split(), folded[role].split()))
    if exact or having:
        return exact or having
    close = process.extractOne(sought, folded, scorer=fuzz.ratio, score_cutoff=CLOSE_ROLE)
    return (close[2],) if close else ()


def roles_of(roster: Roster, names: Names) -> tuple[str, ...]:
    """The labels that somebody has, in order."""
    return tuple(sorted({role for user in roster.people if (role := names.role(user.role))}))


def statuses_of(roster: Roster) -> tuple[str, ...]:
    """What may be asked for: the known words and those that Chakra uses."""
    used = {user.availability_status.casefold() for user in roster.people}
    return (*STATUSES, *sorted(used - set(STATUSES) - {""}))


def _in_status(user: User, status: str) -> bool:
    if status == ALL:
        return True
    if status == INACTIVE:
        return user.active is False
    return user.active is not False and status in {ACTIVE, user.availability_status.casefold()}


def _called(roster: Roster, text: str) -> frozenset[int]:
    """By the beginnings of words; else by a part of an address (``@acme.com``)."""
    found = [roster.beginning_with(word) for word in tokens(text)]
    everyone = frozenset.intersection(*found) if found else frozenset()
    if everyone or len(text) < FEWEST_LETTERS:
        return everyone
    return roster.with_address_like(text)


def _begun(beginnings: Sequence[str], words: Sequence[str]) -> bool:
    return all(any(word.startswith(start) for word in words) for start in beginnings)


def _orders(names: Names) -> dict[str, Callable[[User], Any]]:
    return {
        "name": name_order,
        "role": lambda user: (fold(names.role(user.role)) or "\uffff", *name_order(user)),
        "status": lambda user: (_rank(user), *name_order(user)),
        "newest": lambda user: (-(user.created_at or LONG_AGO).timestamp(), *name_order(user)),
    }


def _rank(user: User) -> int:
    """The available first, the inactive last, words unknown to us between."""
    if user.active is False:
        return len(STATUSES)
    status = user.availability_status.casefold()
    return STATUSES.index(status) if status in STATUSES else len(STATUSES) - 1
