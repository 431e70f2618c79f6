"""Detect whether a customer's message opts out of messages, or in again. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from itertools import chain
from typing import NamedTuple

from bot.customers.opt_in_phrases import START_PHRASES
from bot.customers.opt_out_phrases import (
    COURTESIES,
    MARKETING_PHRASES,
    STOP_PHRASES,
    UNSURE_PHRASES,
)
from bot.text.normalize import normalize

MAX_READ_LENGTH = 600
"""Characters; a longer message is a letter, for people to interpret."""
MAX_STATEMENT_WORDS = 14
"""Words of a request that a sentence pattern may match as a whole."""
MIN_QUOTED_WORDS, MIN_QUOTED_SIGNS = 3, 4
"""Length of a phrase that counts within a longer message too, in words or CJK characters."""
STOP_SIGNS = frozenset("🛑⛔🚫")
_CLAUSE_ENDS = re.compile(r"[.!?;,\n…।،؛؟。！？；，、]+|\s[-–—]+\s")


class Intent(StrEnum):
    """What a message asks for. ``UNSURE`` may be ``STOP``: people must decide."""

    STOP = "stop"
    STOP_MARKETING = "stop_marketing"
    START = "start"
    UNSURE = "unsure"


_MESSAGES = (
    "messages? msgs? messeges? massages? texts? sms updates? notifications? whats?apps? alerts?"
    " e?mails? broadcasts? spam reminders?"
)
_MARKETING = (
    "promotions? promotional promos? marketing ads? adverts? advertising advertisements? offers?"
    " newsletters? campaigns? deals?"
)
_DETERMINERS = (
    "any all of these those this that the your more further future such me us unwanted daily text"
    " whatsapp spam"
)


def _match_any_of(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


_DETERMINER = rf"(?:{_match_any_of(_DETERMINERS)} )*"
_NOUN = rf"(?:{_DETERMINER}{_match_any_of(_MESSAGES)})"
_MARKETING_NOUN = (
    rf"(?:{_DETERMINER}{_match_any_of(_MARKETING)}(?: {_match_any_of(_MESSAGES + ' offers?')})?)"
)
_AGAIN = (
    r"(?: again| anymore| any more| any longer| ever| to me| from you| here| for good| at all"
    r"| (?:on|to|from) (?:whatsapp|this number|my number|now on|today)| in (?:the )?future)*"
)
_NOT = r"(?:do ?nt|do not|dnt|never|must not|should not|shouldnt)"
_WRITE = "(?:text|message|msg|write|contact|spam|whatsapp)"
_WRITING = "(?:text|messag|messeg|msg|writ|contact|spamm|whatsapp)ing"
_ME = "(?: to)?(?: me| us)?"
_OPT_OUT = "(?:unsubscribe|unsub|opt ?out|opt (?:me|us) out|unsubscribe (?:me|us)|i unsubscribe)"
_LIST = (
    r"(?:(?:your|the|this|that|all|any) )*(?:(?:mailing|contacts?|broadcast|whatsapp|marketing) )*"
    r"(?:lists?|database|system|group|contacts)"
)


def _join_requests(noun: str, *, allows_bare: bool) -> str:
    """Return the pattern of requests about ``noun``; ``allows_bare``: without it too."""
    optional = f"(?: {noun})?" if allows_bare else f" {noun}"
    wanting = f"(?:want|wish|need|like)(?: to)?(?: receive| get| have| see)? {noun}"
    requests = (
        f"(?:stop|end|no more|cancel|enough) {noun}",
        f"(?:stop|quit) {_WRITING}{_ME}{optional}",
        f"(?:stop|quit) sending{_ME} {noun}{_ME}",
        f"{_NOT} {_WRITE}{_ME}{optional}",
        f"{_NOT} send{_ME} {noun}{_ME}",
        f"(?:i )?(?:do ?nt|do not|dnt|no longer) {wanting}",
        f"(?:{_OPT_OUT}|remove me|take me off)(?: from| of| out of)? {noun}",
    )
    return f"(?:{'|'.join(requests)}){_AGAIN}"


_SOMEONE = "(?: me| us| (?:my|this) (?:number|contact|name))?"
_REMOVALS = (
    f"(?:remove|delete|take|drop|get){_SOMEONE}(?: off| out)?(?: from| of| off| in)? {_LIST}",
    f"{_OPT_OUT}(?: from| of| out of)?(?: {_LIST}| this| here| your service| all)?",
    "(?:remove|delete) (?:my|this) (?:number|contact)",
)
_MENTIONS = (
    "unsubscribe|unsub",
    "opt(?:ed)? ?out",
    f"stop (?:sending|{_WRITING})",
    f"{_NOT} (?:send|disturb|{_WRITE}) me",
    "remove me from|take me off|delete my number",
    "no more (?:messages|msgs|texts)",
    "stop (?:(?:the|these|those|all|your) )*(?:messages|msgs|texts|spam|ads|promotions)",
)
_NEGATION = (
    r"(?:do ?nt|do not|did ?nt|did not|not|never|cant|cannot|wont|did you|do you|have you|why|when"
    r"|if you|if i|unless)(?: \w+){0,4}? (?:stop|unsubscribe|unsub|opt(?:ed)? ?out)"
)


class _Patterns(NamedTuple):
    stop: re.Pattern[str]
    marketing: re.Pattern[str]
    mention: re.Pattern[str]
    negation: re.Pattern[str]


@cache
def _compile_patterns() -> _Patterns:
    """Compile the patterns when the first message is read: a bot starts without them."""
    removals = f"(?:{'|'.join(_REMOVALS)}){_AGAIN}"
    return _Patterns(
        stop=re.compile(f"{_join_requests(_NOUN, allows_bare=True)}|{removals}"),
        marketing=re.compile(_join_requests(_MARKETING_NOUN, allows_bare=False)),
        mention=re.compile(rf"\b(?:{'|'.join(_MENTIONS)})\b"),
        negation=re.compile(rf"\b{_NEGATION}\b"),
    )


class _Phrases(NamedTuple):
    """The normalized phrases, and the same without spaces."""

    spaced: frozenset[str]
    compact: frozenset[str]


def classify_text(text: str) -> Intent | None:
    """Return what a whole message, or the text of a pressed button, asks for; None for neither.

    "Don't stop" and "the bus stop" are neither; "cancel" and a request within a longer message are
    ``UNSURE``.
    """
    if len(text) > MAX_READ_LENGTH:
        return None
    folded = _fold(text)
    if not folded:
        return Intent.UNSURE if STOP_SIGNS & set(text) else None
    for intent, phrases in _load_phrases().items():
        if _consists_of(folded, phrases):
            return intent
    words = folded.count(" ") + 1
    if words <= MAX_STATEMENT_WORDS:
        patterns = _compile_patterns()
        statement = _remove_courtesies(folded)
        if patterns.marketing.fullmatch(statement):
            return Intent.STOP_MARKETING
        if patterns.stop.fullmatch(statement):
            return Intent.STOP
    return Intent.UNSURE if _has_stop_clause(text) or _mentions(folded) else None


def _has_stop_clause(text: str) -> bool:
    """Return whether part of a longer message is a request on its own: "Stop, who is this?"."""
    stops = _load_phrases()[Intent.STOP]
    clauses = map(_fold, _CLAUSE_ENDS.split(text))
    return any(clause and _consists_of(clause, stops) for clause in clauses)


def _mentions(folded: str) -> bool:
    """Return whether a longer message has a request in it that it doesn't negate."""
    if _compile_patterns().mention.search(folded):
        return not _compile_patterns().negation.search(folded)
    padded = f" {folded} "
    return any(f" {phrase} " in padded for phrase in _load_unmistakable_phrases().spaced) or any(
        phrase in folded for phrase in _load_unmistakable_phrases().compact
    )


def _consists_of(folded: str, phrases: _Phrases) -> bool:
    """Return whether a text is one or more of the phrases, with or without courtesies."""
    courtesies = _load_courtesies()
    if folded.replace(" ", "") in phrases.compact:
        return True
    if not folded.isascii() and _trim(folded.replace(" ", ""), courtesies) in phrases.compact:
        return True
    words = folded.split()
    if len(words) > MAX_STATEMENT_WORDS:
        return False
    # For each beginning: can it be split at all, and does it have one of the phrases?
    reachable: dict[int, bool] = {0: False}
    for start in range(len(words)):
        if start not in reachable:
            continue
        for end in range(start + 1, len(words) + 1):
            part = " ".join(words[start:end])
            if part in phrases.spaced:
                reachable[end] = True
            elif part in courtesies.spaced:
                reachable[end] = reachable.get(end, False) or reachable[start]
    return reachable.get(len(words), False)


def _remove_courtesies(folded: str) -> str:
    words = folded.split()
    spaced = _load_courtesies().spaced
    for length in (4, 3, 2, 1) * 2:
        while len(words) > length and " ".join(words[:length]) in spaced:
            del words[:length]
        while len(words) > length and " ".join(words[-length:]) in spaced:
            del words[-length:]
    return " ".join(words)


def _trim(compact: str, courtesies: _Phrases) -> str:
    """Return a text in a script without spaces, stripped of the courtesies at its ends."""
    for courtesy in sorted(courtesies.compact, key=len, reverse=True):
        if not courtesy.isascii():
            compact = compact.removeprefix(courtesy).removesuffix(courtesy)
    return compact


def _fold(text: str) -> str:
    """Return the text's words, normalized; punctuation and emoji only separate them."""
    folded = normalize(text).replace(
        "\u0640", ""
    )  # the Arabic tatweel, which only stretches a word
    letters = "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in folded)
    return " ".join(letters.split())


@cache
def _load_phrases() -> Mapping[Intent, _Phrases]:
    return {
        Intent.STOP_MARKETING: _fold_all(MARKETING_PHRASES),
        Intent.STOP: _fold_all(tuple(chain.from_iterable(STOP_PHRASES.values()))),
        Intent.START: _fold_all(tuple(chain.from_iterable(START_PHRASES.values()))),
        Intent.UNSURE: _fold_all(UNSURE_PHRASES),
    }


@cache
def _load_courtesies() -> _Phrases:
    return _fold_all(COURTESIES)


@cache
def _load_unmistakable_phrases() -> _Phrases:
    """Return the phrases that mean a request within a longer message too."""
    stops = _load_phrases()[Intent.STOP].spaced
    return _Phrases(
        frozenset(phrase for phrase in stops if phrase.count(" ") + 1 >= MIN_QUOTED_WORDS),
        frozenset(
            phrase
            for phrase in stops
            if " " not in phrase and len(phrase) >= MIN_QUOTED_SIGNS and _is_unspaced(phrase)
        ),
    )


def _is_unspaced(phrase: str) -> bool:
    """Return whether a phrase is in a script that puts no spaces between words."""
    return all("\u0e00" <= sign <= "\u0e7f" or "\u3040" <= sign <= "\u9fff" for sign in phrase)


def _fold_all(phrases: Collection[str]) -> _Phrases:
    spaced = frozenset(folded for phrase in phrases if (folded := _fold(phrase)))
    return _Phrases(spaced, frozenset(phrase.replace(" ", "") for phrase in spaced))
