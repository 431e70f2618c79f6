"""The team's list, indexed: who has this e-mail address, this phone number, a name like this."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.chakra.models import User
from bot.text.normalize import any_order, fold, tokens
from bot.text.phones import same_ending

MOST_MATCHES = 100
"""Slack shows so many options in one menu."""
CLOSE_WORD = 75
"""rapidfuzz's ratio (0-100) from which one word is taken for a slip of another: jhon, john: 75."""
CLOSE_WHOLE = 82
"""The same for whole names, run together: jonathandoe, johnathandoe."""
FEWEST_LETTERS = 3
"""Of a word that may be a slip of another: two letters resemble everything."""
CLOSE_EMAIL = 80
NEAR_EMAILS = 3


@dataclass(frozen=True)
class Matches:
    """``people`` is ranked and holds at most ``MOST_MATCHES`` of ``total``. ``close`` when nobody
    is called so and these only resemble it. ``unread`` counts people whose phone numbers could not
    be looked at."""

    people: tuple[User, ...] = ()
    total: int = 0
    close: bool = False
    unread: int = 0


@dataclass(frozen=True)
class Roster:
    """Everybody but the deleted, by name. The positions in the mappings are those in ``people``.

    ``by_name`` has the words of names, usernames and of the local parts of addresses;
    ``words`` are its keys, sorted. ``knows_phones`` is false for the v1 list, which has none;
    ``unread`` counts people whose cards could not be asked for them instead.
    """

    people: tuple[User, ...]
    by_id: Mapping[str, int]
    by_email: Mapping[str, tuple[int, ...]]
    by_phone: Mapping[str, tuple[int, ...]]
    by_name: Mapping[str, tuple[int, ...]]
    by_word: Mapping[str, frozenset[int]]
    words: tuple[str, ...]
    run_together: tuple[str, ...]
    knows_phones: bool
    unread: int = 0

    def with_id(self, user_id: str) -> User | None:
        place = self.by_id.get(user_id)
        return None if place is None else self.people[place]

    def with_email(self, email: str) -> Matches:
        return self._matches(self.by_email.get(email.casefold(), ()))

    def with_phone(self, readings: Sequence[str]) -> Matches:
        """Whoever has exactly this number, else whoever's number ends so."""
        for reading in readings:
            if reading in self.by_phone:
                return self._matches(self.by_phone[reading])
        ending = {
            place
            for number, places in self.by_phone.items()
            if any(same_ending(number, reading) for reading in readings)
            for place in places
        }
        return self._matches(ending)

    def called(self, text: str) -> Matches:
        """By username or name: the whole one, then whole words, then beginnings, then slips."""
        text = text.strip().removeprefix("@")
        typed = tokens(text)
        exact = self.by_name.get(fold(text)) or self.by_name.get(any_order(typed))
        if exact:
            return self._matches(exact)
        for having in (self._having_word, self.beginning_with):
            found = _all_of(typed, having)
            if found:
                return self._matches(found)
        return self._resembling(typed)

    def near_emails(self, email: str) -> tuple[str, ...]:
        """Addresses that a mistyped one may have meant."""
        close = process.extract(
            email,
            list(self.by_email),
            scorer=fuzz.ratio,
            score_cutoff=CLOSE_EMAIL,
            limit=NEAR_EMAILS,
        )
        return tuple(address for address, _, _ in close)

    def beginning_with(self, word: str) -> frozenset[int]:
        """The places of people with a word that begins so."""
        found: set[int] = set()
        for place in range(bisect_left(self.words, word), len(self.words)):
            if not self.words[place].startswith(word):
                break
            found |= self.by_word[self.words[place]]
        return frozenset(found)

    def with_address_like(self, part: str) -> frozenset[int]:
        """The places of people with an address that holds ``part``."""
        sought = part.casefold()
        found = (places for email, places in self.by_email.items() if sought in email)
        return frozenset(place for places in found for place in places)

    def _having_word(self, word: str) -> frozenset[int]:
        return self.by_word.get(word, frozenset())

    def _resembling(self, typed: tuple[str, ...]) -> Matches:
        """The best first. Every word typed must be close to one of theirs, or all run together."""
        scores = self._whole_scores("".join(typed))
        for place, score in self._word_scores(typed).items():
            scores[place] = max(score, scores.get(place, 0.0))
        ranked = sorted(scores, key=lambda place: (-scores[place], place))
        return Matches(
            tuple(self.people[place] for place in ranked[:MOST_MATCHES]), len(ranked), close=True
        )

    def _word_scores(self, typed: tuple[str, ...]) -> dict[int, float]:
        """By place, the score of the worst word."""
        scores: dict[int, float] | None = None
        for word in typed:
            best: dict[int, float] = {}
            for known, score in self._close_words(word):
                for place in self.by_word[known]:
                    best[place] = max(score, best.get(place, 0.0))
            if scores is not None:
                best = {place: min(best[place], scores[place]) for place in best.keys() & scores}
            scores = best
        return scores or {}

    def _close_words(self, word: str) -> Iterable[tuple[str, float]]:
        if len(word) < FEWEST_LETTERS:
            return [(word, 100.0)] if word in self.by_word else []
        close = process.extract(
            word, self.words, scorer=fuzz.ratio, score_cutoff=CLOSE_WORD, limit=None
        )
        return [(known, score) for known, score, _ in close if len(known) >= FEWEST_LETTERS]

    def _whole_scores(self, typed: str) -> dict[int, float]:
        if len(typed) < FEWEST_LETTERS:
            return {}
        close = process.extract(
            typed,
            self.run_together,
            scorer=fuzz.ratio,
            score_cutoff=CLOSE_WHOLE,
            limit=MOST_MATCHES,
        )
        return {place: score for _, score, place in close}

    def _matches(self, places: Iterable[int]) -> Matches:
        """The active before the inactive, by name."""
        ranked = sorted(places, key=lambda place: (self.people[place].active is False, place))
        people = tuple(self.people[place] for place in ranked[:MOST_MATCHES])
        return Matches(people, len(ranked))


def _all_of(typed: Iterable[str], having: Callable[[str], frozenset[int]]) -> frozenset[int]:
    """The places that every word leads to."""
    found: frozenset[int] | None = None
    for word in typed:
        found = having(word) if found is None else found & having(word)
        if not found:
            break
    return found or frozenset()


def roster(people: Iterable[User], *, unread: int = 0) -> Roster:
    """The index of a list as Chakra gave it. Built once a list, never a search."""
    listed = tuple(people)
    kept = sorted((one for one in listed if not one.is_deleted), key=name_order)
    by_email: dict[str, tuple[int, ...]] = {}
    by_phone: dict[str, tuple[int, ...]] = {}
    by_whole: dict[str, tuple[int, ...]] = {}
    by_word: dict[str, set[int]] = {}
    for place, user in enumerate(kept):
        _put(by_email, place, (email.casefold() for email in user.emails))
        _put(by_phone, place, user.phones)
        _put(by_whole, place, _whole_names(user))
        for word in _words(user):
            by_word.setdefault(word, set()).add(place)
    return Roster(
        people=tuple(kept),
        by_id={user.id: place for place, user in enumerate(kept)},
        by_email=by_email,
        by_phone=by_phone,
        by_name=by_whole,
        by_word={word: frozenset(places) for word, places in by_word.items()},
        words=tuple(sorted(by_word)),
        run_together=tuple("".join(tokens(user.full_name or user.name)) for user in kept),
        knows_phones=any("listed_phones" in one.model_fields_set for one in listed),
        unread=unread,
    )


def name_order(user: User) -> tuple[str, str]:
    """The order of names: without case and accents; the id tells two of one name apart."""
    return fold(user.name), user.id


def _put(mapping: dict[str, tuple[int, ...]], place: int, keys: Iterable[str]) -> None:
    for key in dict.fromkeys(keys):
        if key:
            mapping[key] = (*mapping.get(key, ()), place)


def _whole_names(user: User) -> Iterable[str]:
    yield fold(user.username)
    short = f"{user.first_name} {user.last_name}"
    for name in (user.display_name, user.full_name, short, user.username):
        yield any_order(tokens(name))


def _words(user: User) -> set[str]:
    local_parts = " ".join(email.rpartition("@")[0] for email in user.emails)
    return {
        *tokens(f"{user.display_name} {user.full_name} {user.username} {local_parts}"),
        fold(user.username),
    } - {""}
