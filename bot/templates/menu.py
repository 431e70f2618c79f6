"""The menu of templates in the send form: ranked by how well they match what is typed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, partial

from bot.chakra.template import Template
from bot.slack.commands.reply import Choice
from bot.templates import vocabulary
from bot.templates.catalog import TemplateIndex
from bot.templates.languages import remove_language, split_language
from bot.templates.send_blockers import describe_blocker
from bot.text.normalize import match_beginnings, tokenize

MAX_OPTIONS = 100
"""Options of an answer. docs.slack.dev/reference/block-kit/block-elements/select-menu-element"""
MAX_OPTION_LENGTH = 75
MAX_LANGUAGE_LENGTH = 30
MORE = "more"
"""The value of the last option of a menu that is too long; choosing it chooses no template."""

_MIN_INSIDE_LENGTH = 3
_MIN_SLIP_LENGTH, _MIN_TWO_SLIPS_LENGTH = 4, 7
"""Letters of a word from which one typo, or two, are forgiven."""

LastUsed = Sequence[tuple[str, str]]
"""(name, language) pairs, the last used first."""


class Match(IntEnum):
    """How a name matches the typed words, the best first."""

    EXACT = 0
    BEGINNING = 1
    WORD = 2
    """The words begin at a later word of the name."""
    WORDS = 3
    """Each word begins a word of the name, in any order."""
    INSIDE = 4
    LANGUAGE = 5
    TEXT = 6
    """The words are in the name, the texts and the buttons."""
    NEAR = 7
    NONE = 8


@dataclass(frozen=True, slots=True)
class _Candidate:
    template: Template
    match: Match
    distance: int
    """Typos, for `Match.NEAR`."""
    last_use: int


def rank_templates(
    index: TemplateIndex, query: str, last_used: LastUsed, locale: str = ""
) -> tuple[Template, ...]:
    """Return the templates that match, the best first; those that can't be sent come last.

    The languages of one name stay together, led by that of the person's ``locale`` ("pt-BR"); if
    nothing is typed, by the one that they used last. A name typed in full leads even if it can't be
    sent: Enter takes the first option, and another template must not be chosen in its place.
    """
    words = tokenize(query)
    found = list(_find_candidates(index, words, last_used))
    if not any(item.match <= Match.INSIDE for item in found):
        found += _find_near(index, words, last_used, {item.template.id for item in found})
    if not found and (rest := remove_language(words)) and rest != words:
        found = list(_find_candidates(index, rest, last_used))  # in languages other than that
    blockers = index.blocker_labels
    sendable = {item.template.name for item in found if not blockers[item.template.id]}
    groups: dict[tuple[bool, str], list[_Candidate]] = {}
    for item in found:
        is_last = bool(blockers[item.template.id]) and not (
            item.match is Match.EXACT and item.template.name not in sendable
        )
        groups.setdefault((is_last, item.template.name), []).append(item)
    ordered = sorted(groups.items(), key=lambda group: _build_group_key(group[0][0], group[1]))
    return tuple(
        item.template
        for _, group in ordered
        for item in sorted(
            group, key=lambda item: _build_variant_key(item, locale if words else "")
        )
    )


def build_menu_choices(index: TemplateIndex, templates: Sequence[Template]) -> tuple[Choice, ...]:
    """Return the options; a last one says that there are more than Slack shows."""
    shown = templates if len(templates) <= MAX_OPTIONS else templates[: MAX_OPTIONS - 1]
    choices = tuple(
        _build_choice(template, index.blocker_labels[template.id]) for template in shown
    )
    left = len(templates) - len(shown)
    more = Choice("More: type part of the name", MORE, f"{left} more")
    return (*choices, more) if left else choices


def build_template_choice(template: Template) -> Choice:
    """Return the option: name and language, and below them the category or why it can't be sent.

    A form shows only an option's text once it is chosen, so the language is part of that.
    """
    return _build_choice(template, describe_blocker(template))


def _build_choice(template: Template, blocker: str) -> Choice:
    language = vocabulary.format_language_name(template.language)[:MAX_LANGUAGE_LENGTH]
    name = _shorten(template.name, MAX_OPTION_LENGTH - len(f" · {language}"))
    description = f"Can't be sent: {blocker}" if blocker else ""
    return Choice(
        f"{name} · {language}",
        template.id,
        description or vocabulary.format_category_name(template.category),
    )


def match_name(words: Sequence[str], name_text: str) -> Match:
    """Return how normalized words match a name; `Match.NONE` unless all of them are in it.

    ``name_text`` is that of `TemplateIndex.name_texts`.
    """
    typed, whole = " ".join(words), name_text.removeprefix(" ")
    joined, joined_name = "".join(words), name_text.replace(" ", "")
    if joined == joined_name:
        return Match.EXACT
    if joined_name.startswith(joined):
        return Match.BEGINNING
    if f" {typed}" in whole:
        return Match.WORD
    if match_beginnings(words, name_text):
        return Match.WORDS
    if all(len(word) >= _MIN_INSIDE_LENGTH and word in whole for word in words):
        return Match.INSIDE
    return Match.NONE


def count_slips(words: Sequence[str], name: str) -> int | None:
    """Return how far words are from a name, None if too far; typos in the words count most."""
    name_words = tokenize(name)
    typed, whole = "".join(words), "".join(name_words)
    allowed = _get_allowed_slips(typed)
    by_word = [_count_word_slips(word, name_words) for word in words]
    counted = [slips for slips in by_word if slips is not None]
    total = sum(counted) if len(counted) == len(by_word) else _count_slips(typed, whole)
    is_near = len(counted) == len(by_word) or total <= allowed
    tie_break = min(_count_slips(typed, whole), allowed + 1)
    return total * (allowed + 2) + tie_break if is_near else None


def _find_candidates(
    index: TemplateIndex, words: Sequence[str], last_used: LastUsed
) -> Iterator[_Candidate]:
    ranks = {used: place for place, used in enumerate(last_used)}
    split = cache(partial(split_language, words))  # for each language, not for each template
    for name, family in index.by_name.items():
        by_name = match_name(words, index.name_texts[name])
        for template in family:
            otherwise = _match_otherwise(index, template, words, split(template.language))
            match = min(by_name, otherwise)
            if match is not Match.NONE:
                last_use = ranks.get((name, template.language), len(ranks))
                yield _Candidate(template, match, 0, last_use)


def _match_otherwise(
    index: TemplateIndex,
    template: Template,
    words: Sequence[str],
    split: tuple[Sequence[str], bool],
) -> Match:
    """Return how the template matches if a word names its language, or by its texts."""
    text = index.texts[template.id]
    rest, names_language = split
    if names_language:
        if not rest:
            return Match.LANGUAGE
        by_name = match_name(rest, index.name_texts[template.name])
        if by_name is not Match.NONE:
            return by_name
        if match_beginnings(rest, text):
            return Match.TEXT
    return Match.TEXT if match_beginnings(words, text) else Match.NONE


def _find_near(
    index: TemplateIndex, words: Sequence[str], last_used: LastUsed, found: set[str]
) -> Iterator[_Candidate]:
    ranks = {used: place for place, used in enumerate(last_used)}
    for template in index.templates if words else ():
        if template.id in found:
            continue
        rest, names_language = split_language(words, template.language)
        slips = count_slips(rest if names_language else words, template.name)
        if slips is not None:
            last_use = ranks.get((template.name, template.language), len(ranks))
            yield _Candidate(template, Match.NEAR, slips, last_use)


def _build_group_key(is_last: bool, group: Sequence[_Candidate]) -> tuple[bool, int, int, int, str]:
    best = min(group, key=lambda item: (item.match, item.distance))
    last_use = min(item.last_use for item in group)
    return is_last, best.match, best.distance, last_use, best.template.name


def _build_variant_key(item: _Candidate, locale: str) -> tuple[int, int]:
    code = item.template.language.replace("_", "-").lower()
    wanted = locale.lower()
    if code == wanted:
        return 0, item.last_use
    is_same_language = bool(wanted) and code.partition("-")[0] == wanted.partition("-")[0]
    return 1 if is_same_language else 2, item.last_use


def _count_word_slips(word: str, name_words: Sequence[str]) -> int | None:
    """Return the fewest typos between the word and the beginning of one of the name's."""
    parts = {
        part for name in name_words for part in (name, name[: len(word)], name[: len(word) + 1])
    }
    fewest = min((_count_slips(word, part) for part in parts), default=len(word))
    return fewest if fewest <= _get_allowed_slips(word) else None


def _count_slips(typed: str, name: str) -> int:
    from rapidfuzz.distance import OSA  # 3 MB, which a bot without typing mistakes does not need

    return OSA.distance(typed, name)


def _get_allowed_slips(word: str) -> int:
    if len(word) < _MIN_SLIP_LENGTH:
        return 0
    return 1 if len(word) < _MIN_TWO_SLIPS_LENGTH else 2


def _shorten(name: str, max_length: int) -> str:
    """Return the name with its middle left out: long names of one account differ at the end."""
    if len(name) <= max_length:
        return name
    end = max_length // 3
    return f"{name[: max_length - end - 1]}…{name[-end:]}"
