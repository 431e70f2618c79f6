"""An index of the team: find users by ID, email address, phone number or similar name."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.chakra.models import User
from bot.text.normalize import normalize, sort_tokens, tokenize
from bot.text.phones import has_same_ending
from bot.text.similarity import find_similar

MAX_MATCHES = 100
"""Slack's limit for the options of a menu."""
MIN_WORD_SIMILARITY = 75
"""rapidfuzz ratio (0-100) from which a word counts as a typo of another: jhon and john have 75."""
MIN_FULL_NAME_SIMILARITY = 82
"""The same for full names without spaces: jonathandoe, johnathandoe."""
MIN_FUZZY_WORD_LENGTH = 3
"""Characters from which a word may be a typo: two letters resemble everything."""
MIN_EMAIL_SIMILARITY = 80
MAX_EMAIL_SUGGESTIONS = 3


@dataclass(frozen=True)
class Matches:
    """The best ``MAX_MATCHES`` of ``total`` users, ranked.

    ``fuzzy`` if they only resemble what was searched. ``unavailable_count`` is the number of users
    whose phone numbers couldn't be loaded.
    """

    users: tuple[User, ...] = ()
    total: int = 0
    fuzzy: bool = False
    unavailable_count: int = 0


@dataclass(frozen=True)
class UserIndex:
    """All users except deleted ones, sorted by name. The mappings hold positions in ``users``.

    ``by_word`` has the words of names, usernames and local parts of addresses; ``sorted_words``
    are its keys. ``has_phones`` is false for the v1 list, which has none; ``unavailable_count`` is
    the number of users who couldn't be loaded for their phone numbers instead.
    """

    users: tuple[User, ...]
    by_id: Mapping[str, int]
    by_email: Mapping[str, tuple[int, ...]]
    by_phone: Mapping[str, tuple[int, ...]]
    by_name: Mapping[str, tuple[int, ...]]
    by_word: Mapping[str, frozenset[int]]
    sorted_words: tuple[str, ...]
    joined_names: tuple[str, ...]
    has_phones: bool
    unavailable_count: int = 0

    def get(self, user_id: str) -> User | None:
        position = self.by_id.get(user_id)
        return None if position is None else self.users[position]

    def find_assignee(self, reference: str) -> User | None:
        """Return the only user with exactly this ID, username or address."""
        if known := self.get(reference):
            return known
        wanted = reference.casefold()
        positions = {*self.by_email.get(wanted, ()), *self.by_name.get(normalize(reference), ())}
        found = [
            user
            for user in map(self.users.__getitem__, positions)
            if wanted in (user.username.casefold(), user.primary_email.casefold())
        ]
        return found[0] if len(found) == 1 else None

    def find_by_email(self, email: str) -> Matches:
        return self._rank_matches(self.by_email.get(email.casefold(), ()))

    def find_by_phone(self, candidates: Sequence[str]) -> Matches:
        """Return the users with exactly this number, else those whose number ends with it."""
        for candidate in candidates:
            if candidate in self.by_phone:
                return self._rank_matches(self.by_phone[candidate])
        ending = {
            position
            for number, positions in self.by_phone.items()
            if any(has_same_ending(number, candidate) for candidate in candidates)
            for position in positions
        }
        return self._rank_matches(ending)

    def find_by_name(self, text: str) -> Matches:
        """Match username or full name, else whole words, else the start of words, else typos."""
        text = text.strip().removeprefix("@")
        typed = tokenize(text)
        exact = self.by_name.get(normalize(text)) or self.by_name.get(sort_tokens(typed))
        if exact:
            return self._rank_matches(exact)
        for lookup in (self._find_by_word, self.find_by_prefix):
            found = _intersect_positions(typed, lookup)
            if found:
                return self._rank_matches(found)
        return self._find_fuzzy(typed)

    def has_name(self, text: str) -> bool:
        """Return whether someone has this name, as a whole or by whole words."""
        typed = tokenize(text)
        exact = self.by_name.get(normalize(text)) or self.by_name.get(sort_tokens(typed))
        return bool(exact or _intersect_positions(typed, self._find_by_word))

    def suggest_emails(self, email: str) -> tuple[str, ...]:
        """Return similar addresses, the most similar first."""
        similar = find_similar(
            email,
            list(self.by_email),
            min_score=MIN_EMAIL_SIMILARITY,
            limit=MAX_EMAIL_SUGGESTIONS,
        )
        return tuple(found.word for found in similar)

    def find_by_prefix(self, prefix: str) -> frozenset[int]:
        """Return the positions of users with a word that starts with ``prefix``."""
        found: set[int] = set()
        for position in range(bisect_left(self.sorted_words, prefix), len(self.sorted_words)):
            if not self.sorted_words[position].startswith(prefix):
                break
            found |= self.by_word[self.sorted_words[position]]
        return frozenset(found)

    def find_by_email_part(self, part: str) -> frozenset[int]:
        """Return the positions of users with an address that contains ``part``."""
        folded = part.casefold()
        found = (positions for email, positions in self.by_email.items() if folded in email)
        return frozenset(position for positions in found for position in positions)

    def _find_by_word(self, word: str) -> frozenset[int]:
        return self.by_word.get(word, frozenset())

    def _find_fuzzy(self, typed: tuple[str, ...]) -> Matches:
        """Return users whose name is similar to every typed word, or to all joined; best first."""
        scores = self._score_full_names("".join(typed))
        for position, score in self._score_words(typed).items():
            scores[position] = max(score, scores.get(position, 0.0))
        ranked = sorted(scores, key=lambda position: (-scores[position], position))
        return Matches(
            tuple(self.users[position] for position in ranked[:MAX_MATCHES]),
            len(ranked),
            fuzzy=True,
        )

    def _score_words(self, typed: tuple[str, ...]) -> dict[int, float]:
        """Return position -> score of the least similar word."""
        scores: dict[int, float] | None = None
        for word in typed:
            best: dict[int, float] = {}
            for known, score in self._iter_similar_words(word):
                for position in self.by_word[known]:
                    best[position] = max(score, best.get(position, 0.0))
            if scores is not None:
                best = {
                    position: min(best[position], scores[position])
                    for position in best.keys() & scores
                }
            scores = best
        return scores or {}

    def _iter_similar_words(self, word: str) -> Iterable[tuple[str, float]]:
        if len(word) < MIN_FUZZY_WORD_LENGTH:
            return [(word, 100.0)] if word in self.by_word else []
        similar = find_similar(word, self.sorted_words, min_score=MIN_WORD_SIMILARITY)
        return [
            (found.word, found.score)
            for found in similar
            if len(found.word) >= MIN_FUZZY_WORD_LENGTH
        ]

    def _score_full_names(self, typed: str) -> dict[int, float]:
        if len(typed) < MIN_FUZZY_WORD_LENGTH:
            return {}
        similar = find_similar(
            typed, self.joined_names, min_score=MIN_FULL_NAME_SIMILARITY, limit=MAX_MATCHES
        )
        return {found.position: found.score for found in similar}

    def _rank_matches(self, positions: Iterable[int]) -> Matches:
        """Return active users before inactive ones, by name."""
        ranked = list(positions)
        if len(ranked) > 1:
            ranked.sort(key=lambda position: (self.users[position].active is False, position))
        users = tuple(self.users[position] for position in ranked[:MAX_MATCHES])
        return Matches(users, len(ranked))


def _intersect_positions(
    words: Iterable[str], lookup: Callable[[str], frozenset[int]]
) -> frozenset[int]:
    """Return the positions that match every word."""
    found: frozenset[int] | None = None
    for word in words:
        found = lookup(word) if found is None else found & lookup(word)
        if not found:
            break
    return found or frozenset()


def build_index(users: Iterable[User], *, unavailable_count: int = 0) -> UserIndex:
    """Return the index of a list, built once for each list that is loaded."""
    listed = tuple(users)
    indexed = sorted((user for user in listed if not user.is_deleted), key=build_name_sort_key)
    by_email: dict[str, tuple[int, ...]] = {}
    by_phone: dict[str, tuple[int, ...]] = {}
    by_name: dict[str, tuple[int, ...]] = {}
    by_word: dict[str, set[int]] = {}
    for position, user in enumerate(indexed):
        _add_position(by_email, position, (email.casefold() for email in user.emails))
        _add_position(by_phone, position, user.phones)
        _add_position(by_name, position, _iter_full_name_keys(user))
        for word in _collect_searchable_words(user):
            by_word.setdefault(word, set()).add(position)
    return UserIndex(
        users=tuple(indexed),
        by_id={user.id: position for position, user in enumerate(indexed)},
        by_email=by_email,
        by_phone=by_phone,
        by_name=by_name,
        by_word={word: frozenset(positions) for word, positions in by_word.items()},
        sorted_words=tuple(sorted(by_word)),
        joined_names=tuple("".join(tokenize(user.full_name or user.name)) for user in indexed),
        has_phones=any("listed_phones" in user.model_fields_set for user in listed),
        unavailable_count=unavailable_count,
    )


def build_name_sort_key(user: User) -> tuple[str, str]:
    """Return the sort key: the name without case and accents, then the ID."""
    return normalize(user.name), user.id


def _add_position(mapping: dict[str, tuple[int, ...]], position: int, keys: Iterable[str]) -> None:
    for key in dict.fromkeys(keys):
        if key:
            mapping[key] = (*mapping.get(key, ()), position)


def _iter_full_name_keys(user: User) -> Iterable[str]:
    yield normalize(user.username)
    short = f"{user.first_name} {user.last_name}"
    for name in (user.display_name, user.full_name, short, user.username):
        yield sort_tokens(tokenize(name))


def _collect_searchable_words(user: User) -> set[str]:
    local_parts = " ".join(email.rpartition("@")[0] for email in user.emails)
    return {
        *tokenize(f"{user.display_name} {user.full_name} {user.username} {local_parts}"),
        normalize(user.username),
    } - {""}
