"""The words of a list of templates: status, category, language, and words of name or text. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from bot.templates.catalog import TemplateIndex
from bot.templates.languages import find_languages, split_language
from bot.templates.list_query import (
    FILTER_SYNONYMS,
    list_available_categories,
    list_available_languages,
    list_available_statuses,
)
from bot.text.normalize import match_beginnings, tokenize

_FILLERS: Final = frozenset({
    "in", "with", "about", "for", "called", "named", "the", "templates", "template", "status",
    "category", "language", "all", "of", "my", "list", "show", "which", "that", "are", "please",
})  # fmt: skip
MIN_LANGUAGE_LENGTH: Final = 4
"""Letters of a bare word that may be a language: shorter ones are words of texts."""


@dataclass(frozen=True, slots=True)
class TemplateWords:
    """The meaning of a list's words and filters; "" and () mean no filter.

    ``languages`` are codes in Meta's spelling; ``unused`` are words that no template has.
    """

    words: str = ""
    status: str = ""
    category: str = ""
    languages: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


def understand_words(
    typed: str, index: TemplateIndex, *, status: str = "", category: str = "", language: str = ""
) -> TemplateWords:
    """Return what was typed; the named filters win. An unknown ``language`` means none."""
    codes = list_available_languages(index)
    languages = resolve_languages(language, codes)
    words = [word for word in typed.split() if word.strip(",;?!.")]
    if words and _is_name(words, index):
        return TemplateWords(typed, status, category, languages)
    named_filters = (status, category, languages)
    if not status:
        status, words = _take(words, list_available_statuses(index))
    if not category:
        category, words = _take(words, list_available_categories(index))
    if not language:
        languages, words = _take_language(words, codes)
    kept = [word for word in words if not _FILLERS.issuperset(tokenize(word))]
    if not (kept or status or category or languages):
        kept = [] if words and len(words) < len(typed.split()) else words
    known = [word for word in kept if _has_word(word, index)]
    if not known and (status, category, languages) == named_filters:
        return TemplateWords(" ".join(kept), status, category, languages)
    unused = tuple(word for word in kept if word not in known)
    return TemplateWords(" ".join(known), status, category, languages, unused)


def resolve_languages(typed: str, codes: Sequence[str]) -> tuple[str, ...]:
    """Return the codes that a code or a name means: ``en`` and ``english`` mean ``en_US`` too."""
    wanted = typed.lower().replace("-", "_")
    exact = tuple(
        code for code in codes if code.lower() == wanted or code.lower().startswith(f"{wanted}_")
    )
    return (exact or find_languages(typed, codes)) if typed else ()


def _is_name(words: Sequence[str], index: TemplateIndex) -> bool:
    """Return whether the words are a template's name, or several words of one."""
    typed = tokenize(" ".join(words))
    return bool(index.find_by_name(" ".join(words))) or (
        len(typed) > 1 and any(set(typed) <= set(tokenize(name)) for name in index.by_name)
    )


def _take(words: Sequence[str], known: Collection[str]) -> tuple[str, list[str]]:
    """Return the first value of a filter among the words, and the others: ``in review`` too."""
    for length in (2, 1):
        for start in range(len(words) - length + 1):
            value = "".join(tokenize(" ".join(words[start : start + length])))
            value = FILTER_SYNONYMS.get(value, value)
            found = next((item for item in known if item.replace("_", "") == value), "")
            found = found or (value if value in known else "")
            if found:
                return found, [*words[:start], *words[start + length :]]
    return "", list(words)


def _take_language(words: Sequence[str], codes: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the codes of the language that the words name most fully, and the other words."""
    bare = [word for word in words if len(word) >= MIN_LANGUAGE_LENGTH or word.isupper()]
    folded = tokenize(" ".join(bare))
    splits = [(code, *split_language(folded, code)) for code in codes]
    named = [(code, rest) for code, rest, is_named in splits if is_named]
    if not named:
        return (), list(words)
    fewest = min(len(rest) for _, rest in named)
    best = [(code, rest) for code, rest in named if len(rest) == fewest]
    left = set(best[0][1])
    others = [word for word in words if word not in bare or not left.isdisjoint(tokenize(word))]
    return tuple(code for code, _ in best), others


def _has_word(word: str, index: TemplateIndex) -> bool:
    starts = tokenize(word)
    return any(match_beginnings(starts, text) for text in index.texts.values())
