"""The team's list, indexed: who has this e-mail address, this phone number, a name like this."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.chakra.models import User
from bot.text.normalize import normalize, sorted_tokens, tokenize
from bot.text.phones import has_same_ending

MAX_MATCHES = 100
"""Slack shows so many options in one menu."""
MIN_WORD_SIMILARITY = 75
"""rapidfuzz's ratio (0-100) from which one word is taken for a slip of another: jhon, john: 75."""
MIN_FULL_NAME_SIMILARITY = 82
"""The same for whole names, run together: jonathandoe, johnathandoe."""
MIN_FUZZY_WORD_LENGTH = 3
"""Of a word that may be a slip of another: two letters resemble everything."""
MIN_EMAIL_SIMILARITY = 80
MAX_EMAIL_SUGGESTIONS = 3


@dataclass(frozen=True)
class Matches:
    """``people`` is ranked and holds at most ``MAX_MATCHES`` of ``total``. ``close`` when nobody
    is called so and these only resemble it. ``unread`` counts people whose phone numbers could not
    be looked at."""

    users: tuple[User, ...] = ()
    total: int = 0
    fuzzy: bool = False
    unavailable_count: int = 0


@dataclass(frozen=True)
class UserIndex:
    """Everybody but the deleted, by name. The positions in the mappings are those in ``people``.

    ``by_name`` has the words of names, usernames and of the local parts of addresses;
    ``words`` are its keys, sorted. ``knows_phones`` is false for the v1 list, which has none;
    ``unread`` counts people whose cards could not be asked for them instead.
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

    def find_by_email(self, email: str) -> Matches:
        return self._rank_matches(self.by_email.get(email.casefold(), ()))

    def find_by_phone(self, candidates: Sequence[str]) -> Matches:
        """Whoever has exactly this number, else whoever's number ends so."""
        for reading in candidates:
            if reading in self.by_phone:
                return self._rank_matches(self.by_phone[reading])
        ending = {
            position
            for number, positions in self.by_phone.items()
            if any(has_same_ending(number, reading) for reading in candidates)
            for position in positions
        }
        return self._rank_matches(ending)

    def find_by_name(self, text: str) -> Matches:
        """By username or name: the whole one, then whole words, then beginnings, then slips."""
        text = text.strip().removeprefix("@")
        typed = tokenize(text)
        exact = self.by_name.get(normalize(text)) or self.by_name.get(sorted_tokens(typed))
        if exact:
            return self._rank_matches(exact)
        for lookup in (self._positions_by_word, self.positions_by_prefix):
            found = _intersect_positions(typed, lookup)
            if found:
                return self._rank_matches(found)
        return self._find_fuzzy(typed)

    def suggest_emails(self, email: str) -> tuple[str, ...]:
        """Addresses that a mistyped one may have meant."""
        similar = process.extract(
            email,
            list(self.by_email),
            scorer=fuzz.ratio,
            score_cutoff=MIN_EMAIL_SIMILARITY,
            limit=MAX_EMAIL_SUGGESTIONS,
        )
        return tuple(address for address, _, _ in similar)

    def positions_by_prefix(self, prefix: str) -> frozenset[int]:
        """The places of people with a word that begins so."""
        found: set[int] = set()
        for position in range(bisect_left(self.sorted_words, prefix), len(self.sorted_words)):
            if not self.sorted_words[position].startswith(prefix):
                break
            found |= self.by_word[self.sorted_words[position]]
        return frozenset(found)

    def positions_by_email_part(self, part: str) -> frozenset[int]:
        """The places of people with an address that holds ``part``."""
        folded = part.casefold()
        found = (positions for email, positions in self.by_email.items() if folded in email)
        return frozenset(position for positions in found for position in positions)

    def _positions_by_word(self, word: str) -> frozenset[int]:
        return self.by_word.get(word, frozenset())

    def _find_fuzzy(self, typed: tuple[str, ...]) -> Matches:
        """The best first. Every word typed must be close to one of theirs, or all run together."""
        scores = self._score_full_names("".join(typed))
        for position, score in self._score_words(typed).items():
            scores[position] = max(score, scores.get(position, 0.0))
        ranked = sorted(scores, key=lambda place: (-scores[place], place))
        return Matches(
            tuple(self.users[position] for position in ranked[:MAX_MATCHES]),
            len(ranked),
            fuzzy=True,
        )

    def _score_words(self, typed: tuple[str, ...]) -> dict[int, float]:
        """By place, the score of the worst word."""
        scores: dict[int, float] | None = None
        for word in typed:
            best: dict[int, float] = {}
            for known, score in self._similar_words(word):
                for position in self.by_word[known]:
                    best[position] = max(score, best.get(position, 0.0))
            if scores is not None:
                best = {
                    position: min(best[position], scores[position])
                    for position in best.keys() & scores
                }
            scores = best
        return scores or {}

    def _similar_words(self, word: str) -> Iterable[tuple[str, float]]:
        if len(word) < MIN_FUZZY_WORD_LENGTH:
            return [(word, 100.0)] if word in self.by_word else []
        similar = process.extract(
            word, self.sorted_words, scorer=fuzz.ratio, score_cutoff=MIN_WORD_SIMILARITY, limit=None
        )
        return [
            (known, score) for known, score, _ in similar if len(known) >= MIN_FUZZY_WORD_LENGTH
        ]

    def _score_full_names(self, typed: str) -> dict[int, float]:
        if len(typed) < MIN_FUZZY_WORD_LENGTH:
            return {}
        similar = process.extract(
            typed,
            self.joined_names,
            scorer=fuzz.ratio,
            score_cutoff=MIN_FULL_NAME_SIMILARITY,
            limit=MAX_MATCHES,
        )
        return {position: score for _, score, position in similar}

    def _rank_matches(self, positions: Iterable[int]) -> Matches:
        """The active before the inactive, by name."""
        ranked = sorted(positions, key=lambda place: (self.users[place].active is False, place))
        users = tuple(self.users[position] for position in ranked[:MAX_MATCHES])
        return Matches(users, len(ranked))


def _intersect_positions(
    words: Iterable[str], lookup: Callable[[str], frozenset[int]]
) -> frozenset[int]:
    """The places that every word leads to."""
    found: frozenset[int] | None = None
    for word in words:
        found = lookup(word) if found is None else found & lookup(word)
        if not found:
            break
    return found or frozenset()


def build_index(users: Iterable[User], *, unavailable_count: int = 0) -> UserIndex:
    """The index of a list as Chakra gave it. Built once a list, never a search."""
    listed = tuple(users)
    indexed = sorted((user for user in listed if not user.is_deleted), key=name_sort_key)
    by_email: dict[str, tuple[int, ...]] = {}
    by_phone: dict[str, tuple[int, ...]] = {}
    by_name: dict[str, tuple[int, ...]] = {}
    by_word: dict[str, set[int]] = {}
    for position, user in enumerate(indexed):
        _add_position(by_email, position, (email.casefold() for email in user.emails))
        _add_position(by_phone, position, user.phones)
        _add_position(by_name, position, _full_name_keys(user))
        for word in _searchable_words(user):
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


def name_sort_key(user: User) -> tuple[str, str]:
    """The order of names: without case and accents; the id tells two of one name apart."""
    return normalize(user.name), user.id


def _add_position(mapping: dict[str, tuple[int, ...]], position: int, keys: Iterable[str]) -> None:
    for key in dict.fromkeys(keys):
        if key:
            mapping[key] = (*mapping.get(key, ()), position)


def _full_name_keys(user: User) -> Iterable[str]:
    yield normalize(user.username)
    short = f"{user.first_name} {user.last_name}"
    for name in (user.display_name, user.full_name, short, user.username):
        yield sorted_tokens(tokenize(name))


def _searchable_words(user: User) -> set[str]:
    local_parts = " ".join(email.rpartition("@")[0] for email in user.emails)
    return {
        *tokenize(f"{user.display_name} {user.full_name} {user.username} {local_parts}"),
        normalize(user.username),
    } - {""}
