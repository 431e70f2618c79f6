"""The words of a list of people: names, roles, teams and states, in any order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

from bot.chakra.models import User
from bot.text.normalize import normalize, tokenize
from bot.text.similarity import find_similar
from bot.users.index import MIN_FUZZY_WORD_LENGTH, UserIndex
from bot.users.names import RoleAndTeamNames

STATES: Final[Mapping[str, str]] = {
    "available": "available", "free": "available", "online": "available", "reachable": "available",
    "away": "away", "offline": "away", "busy": "busy", "occupied": "busy", "active": "active",
    "inactive": "inactive", "deactivated": "inactive", "disabled": "inactive",
    "former": "inactive", "left": "inactive", "all": "all", "everyone": "all", "everybody": "all",
}  # fmt: skip
"""What people type -> the value of the filter."""
MANAGERS: Final = frozenset({"manager", "managers", "boss", "bosses", "supervisor", "supervisors"})
_FILLERS: Final = frozenset({
    "in", "on", "with", "who", "whos", "is", "are", "the", "from", "of", "and", "or", "people",
    "users", "user", "named", "called", "role", "at", "please", "show", "list", "working", "works",
    "that", "department", "for",
})  # fmt: skip
_LAST_WORDS: Final = frozenset({"team", "teams", "members", "staff", "person", "folks", "guys"})
MIN_STEM_LENGTH: Final = 3
MIN_WORD_SIMILARITY: Final = 70
"""The rapidfuzz ratio (0-100) from which another word is suggested for one that matches no one."""


@dataclass(frozen=True, slots=True)
class WordsMeaning:
    """The meaning of a list's words.

    ``positions`` are the matching users, ``None`` for all; ``status`` is "" if no word is a state.
    ``parts`` say how the words were understood; ``unused`` are those that match no one, if others
    do.
    """

    status: str = ""
    positions: frozenset[int] | None = None
    parts: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _WordMatch:
    word: str
    names: frozenset[int]
    roles: frozenset[str]
    labels: tuple[str, ...]
    """``team PaisaPay``, ``managers``."""
    labeled: frozenset[int]

    @property
    def positions(self) -> frozenset[int]:
        return self.names | self.labeled


def understand_words(
    text: str, index: UserIndex, names: RoleAndTeamNames, *, find_status: bool = True
) -> WordsMeaning:
    """Return what the words mean; with ``find_status``, states such as "busy" are among them."""
    typed = [word for word in (raw.strip(",;?!") for raw in text.split()) if word]
    states = [STATES[normalize(word)] for word in typed if normalize(word) in STATES]
    status = states[0] if find_status and len(set(states)) == 1 else ""
    words = [word for word in typed if not (status and normalize(word) in STATES)]
    searched = _drop_fillers(words)
    matches = [_match_word(word, index, names) for word in searched]
    found = [match for match in matches if match.positions]
    if not matches:
        return WordsMeaning(status)
    if not found and not status:
        return WordsMeaning("", frozenset(), (f'"{" ".join(searched)}"',))
    return WordsMeaning(
        status,
        reduce(frozenset.intersection, [match.positions for match in found]) if found else None,
        _describe(found),
        tuple(match.word for match in matches if not match.positions),
    )


def suggest_words(text: str, index: UserIndex, names: RoleAndTeamNames) -> str:
    """Return the text with its first unknown word as a known one; "" if none is similar."""
    roles = {word for user in index.users for word in tokenize(names.find_role(user.role))}
    known = [*roles, *index.sorted_words, *STATES]
    for word in text.split():
        if _match_word(word, index, names).positions:
            continue
        similar = find_similar(normalize(word), known, min_score=MIN_WORD_SIMILARITY, limit=1)
        return text.replace(word, similar[0].word, 1) if similar else ""
    return ""


def _drop_fillers(words: Sequence[str]) -> list[str]:
    kept = [word for word in words if normalize(word) not in _FILLERS]
    if len(kept) > 1 and normalize(kept[-1]) in _LAST_WORDS:
        kept.pop()
    return [] if len(kept) == 1 and normalize(kept[0]) in _LAST_WORDS else kept


def _match_word(word: str, index: UserIndex, names: RoleAndTeamNames) -> _WordMatch:
    folded = tokenize(word)
    by_name = [index.find_by_prefix(part) for part in folded]
    named = frozenset.intersection(*by_name) if by_name else frozenset()
    if not named and ("@" in word or len(word) >= MIN_FUZZY_WORD_LENGTH):
        named = index.find_by_email_part(word)
    stems = [stem for part in folded for stem in _iter_stems(part)]
    roles = _match_label(index, stems, lambda user: names.find_role(user.role))
    teams = _match_label(index, stems, lambda user: names.find_team(user.team))
    labels = [f"team {' or '.join(sorted(teams))}"] if teams else []
    labeled = frozenset().union(*roles.values(), *teams.values())
    if not MANAGERS.isdisjoint(folded):
        managing = frozenset(place for place, user in enumerate(index.users) if user.reportees)
        labels, labeled = [*labels, *(["managers"] if managing else [])], labeled | managing
    return _WordMatch(word, named, frozenset(roles), tuple(labels), labeled)


def _iter_stems(word: str) -> Iterable[str]:
    """Yield the word and its singular: ``agents``, ``agent``."""
    if len(word) < MIN_STEM_LENGTH:
        return
    yield word
    if word.endswith("ies"):
        yield f"{word[:-3]}y"
    elif word.endswith("s") and len(word) > MIN_STEM_LENGTH:
        yield word[:-1]


def _match_label(
    index: UserIndex, stems: Sequence[str], label: Callable[[User], str]
) -> dict[str, frozenset[int]]:
    """Return the labels with a word that begins with a stem, and the users who have them."""
    found: dict[str, set[int]] = {}
    for place, user in enumerate(index.users):
        text = label(user)
        if text and any(part.startswith(stem) for part in tokenize(text) for stem in stems):
            found.setdefault(text, set()).add(place)
    return {text: frozenset(places) for text, places in found.items()}


def _describe(matches: Sequence[_WordMatch]) -> tuple[str, ...]:
    """Return ``"maria garcia"`` and ``role Field Sales or Inside Sales``."""
    named = [match.word for match in matches if not (match.roles or match.labels)]
    parts = [f'"{" ".join(named)}"'] if named else []
    roles = [match.roles for match in matches if match.roles]
    common = reduce(frozenset.intersection, roles) if roles else frozenset()
    for match in matches:
        found = [f"role {' or '.join(sorted(common or match.roles))}"] if match.roles else []
        if found or match.labels:
            quoted = [f'"{match.word}"'] if match.names else []
            parts.append(" or ".join([*quoted, *found, *match.labels]))
    return tuple(dict.fromkeys(parts))
