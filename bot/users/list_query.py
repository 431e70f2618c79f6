"""Filter and sort the team. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.chakra.models import User
from bot.text.normalize import normalize, tokenize
from bot.text.similarity import find_similar
from bot.users.index import UserIndex, build_name_sort_key
from bot.users.names import RoleAndTeamNames

ACTIVE, INACTIVE, ALL = "active", "inactive", "all"
KNOWN_STATUSES = (ACTIVE, INACTIVE, "available", "away", "busy", ALL)
"""``available``, ``away`` and ``busy`` match active users only."""
SORTS = ("name", "role", "status", "newest")
MIN_ROLE_SIMILARITY = 75
"""rapidfuzz ratio (0-100) from which a misspelled role matches."""
EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class UserFilter:
    """``positions`` are those of the index, ``None`` for all; ``roles`` are labels, () for any."""

    positions: frozenset[int] | None = None
    roles: tuple[str, ...] = ()
    status: str = ACTIVE
    sort: str = "name"


def filter_users(
    index: UserIndex, names: RoleAndTeamNames, criteria: UserFilter
) -> tuple[User, ...]:
    positions = criteria.positions
    users = [
        user
        for position, user in enumerate(index.users)
        if _has_status(user, criteria.status)
        and (not criteria.roles or names.find_role(user.role) in criteria.roles)
        and (positions is None or position in positions)
    ]
    return tuple(sorted(users, key=_sort_keys(names)[criteria.sort]))


def match_roles(typed: str, roles: Sequence[str]) -> tuple[str, ...]:
    """Return the labels that a typed role means: equal, else containing its words, else similar."""
    folded = {role: " ".join(tokenize(role)) for role in roles}
    normalized = " ".join(tokenize(typed.replace("_", " ")))
    if not normalized:
        return ()
    exact = tuple(role for role in roles if folded[role] == normalized)
    containing = tuple(
        role for role in roles if _match_all_prefixes(normalized.split(), folded[role].split())
    )
    if exact or containing:
        return exact or containing
    closest = find_similar(
        normalized, list(folded.values()), min_score=MIN_ROLE_SIMILARITY, limit=1
    )
    return tuple(list(folded)[found.position] for found in closest)


def list_available_roles(index: UserIndex, names: RoleAndTeamNames) -> tuple[str, ...]:
    """Return the labels in use, sorted."""
    return tuple(sorted({role for user in index.users if (role := names.find_role(user.role))}))


def list_available_statuses(index: UserIndex) -> tuple[str, ...]:
    """Return the values of the filter: the known ones, then others in use."""
    used = {user.availability_status.casefold() for user in index.users}
    return (*KNOWN_STATUSES, *sorted(used - set(KNOWN_STATUSES) - {""}))


def _has_status(user: User, status: str) -> bool:
    if status == ALL:
        return True
    if status == INACTIVE:
        return user.active is False
    return user.active is not False and status in {ACTIVE, user.availability_status.casefold()}


def _match_all_prefixes(prefixes: Sequence[str], words: Sequence[str]) -> bool:
    return all(any(word.startswith(start) for word in words) for start in prefixes)


def _sort_keys(names: RoleAndTeamNames) -> dict[str, Callable[[User], Any]]:
    return {
        "name": build_name_sort_key,
        "role": lambda user: (
            normalize(names.find_role(user.role)) or "\uffff",
            *build_name_sort_key(user),
        ),
        "status": lambda user: (_rank_status(user), *build_name_sort_key(user)),
        "newest": lambda user: (
            -(user.created_at or EPOCH).timestamp(),
            *build_name_sort_key(user),
        ),
    }


def _rank_status(user: User) -> int:
    """Return the rank: available first, unknown values next to last, inactive last."""
    if user.active is False:
        return len(KNOWN_STATUSES)
    status = user.availability_status.casefold()
    return KNOWN_STATUSES.index(status) if status in KNOWN_STATUSES else len(KNOWN_STATUSES) - 1
