"""The template that a typed line means, exactly or nearly; then with a sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.messages.form_values import TEMPLATE
from bot.messages.line_reading import GREETINGS, Reading, is_text, shorten, undress
from bot.slack.blocks import Markup, bold, markup
from bot.templates.catalog import TemplateIndex
from bot.templates.menu import Match, count_slips, match_name
from bot.text.normalize import tokenize

MAX_NAMES = 3
"""Names of templates that a sentence suggests."""
MIN_TEMPLATE_LETTERS = 3
"""Minimum letters of words that may be an inexact template name."""
MIN_MISTYPED_LETTERS = 5
"""Minimum letters of a misspelled one: ``same`` is no ``flash_sale``."""


def read_exact_template(reading: Reading) -> None:
    if reading.name or reading.index is None or TEMPLATE in reading.line.named:
        return
    words = reading.words
    parts = [part for span in words.list_spans() for part in words.list_parts(*span)]
    parts += [(place, place + 1) for place in words.list_quoted_places()]
    for start, end in sorted(parts, key=lambda part: (part[0] - part[1], part[0])):
        name = find_exact(reading.index, [word.text for word in words.words[start:end]])
        if name:
            words.take(start, end)
            reading.name = name
            return


def find_exact(index: TemplateIndex | None, words: Sequence[str]) -> str:
    """Return the name that the words spell, also with spaces or hyphens; or ""."""
    if index is None:
        return ""
    tokens = tokenize(" ".join(words))
    name = "_".join(tokens)
    return name if name in index.by_name else index.joined_names.get("".join(tokens), "")


def read_inexact_template(reading: Reading) -> None:
    """Read the words before or after the recipient as a name that is nearly right."""
    words = reading.words
    if reading.name or reading.typed_template or TEMPLATE in reading.line.named:
        return
    spans = [undress(words, *span) for span in words.list_spans()]
    spans = [span for span in spans if span[0] < span[1]]
    if any(is_text(words, *span) for span in spans):
        spans = [span for span in spans if "_" in words.get_text(span[0])]
    if not spans:
        return
    if reading.index is None:
        _read_unknown_template(reading, spans)
    elif reading.to:
        _choose_nearest_of(reading, spans)
    else:
        _read_template_beside_name(reading, spans)


def _read_unknown_template(reading: Reading, spans: Sequence[tuple[int, int]]) -> None:
    """Read the words that are likely a template's name, while templates load."""
    words = reading.words
    for start, end in spans:
        if reading.to or "_" in words.get_text(start):
            reading.typed_template = words.take(start, end if reading.to else start + 1)
            return


def _read_template_beside_name(reading: Reading, spans: Sequence[tuple[int, int]]) -> None:
    """Read words at an end of a span that nearly match one name; the rest may be a person's."""
    words, index = reading.words, reading.index
    for start, end in spans:
        beginnings = [(start, last) for last in range(end, start, -1)]
        endings = [(first, end) for first in range(start + 1, end)]
        for first, last in beginnings + endings:
            typed = " ".join(word.text for word in words.words[first:last])
            names = find_nearest(index, typed) if index else ()
            if len(names) == 1 or (names and "_" in typed):
                words.take(first, last)
                choose_nearest(reading, typed)
                return
        if "_" in words.get_text(start):
            choose_nearest(reading, words.take(start, start + 1))
            return


def _choose_nearest_of(reading: Reading, spans: Sequence[tuple[int, int]]) -> None:
    """Choose by the first span that nearly matches a name; else report the first one as unknown."""
    words, index = reading.words, reading.index
    texts = [" ".join(word.text for word in words.words[start:end]) for start, end in spans]
    near = [place for place, typed in enumerate(texts) if index and find_nearest(index, typed)]
    place = near[0] if near else 0
    if not near and (texts[0].isdecimal() or texts[0].casefold() in GREETINGS):
        return  # a value without quotes, or a greeting
    words.take(*spans[place])
    choose_nearest(reading, texts[place])


def choose_nearest(reading: Reading, typed: str) -> None:
    """Choose the nearest name, with a sentence; several near names are only suggested."""
    reading.typed_template = typed
    if reading.index is None:
        return
    names = find_nearest(reading.index, typed)
    unknown = markup("There is no template called ", bold(shorten(typed)), ".")
    if len(names) == 1:
        reading.name = names[0]
        reading.notes.append(markup(unknown, " The closest is ", bold(names[0]), "."))
        return
    close = names or reading.index.suggest_names(typed)
    if not close:
        reading.notes.append(markup(unknown, " Choose one from the menu."))
        return
    listed = Markup(", ").join([bold(name) for name in close[:MAX_NAMES]])
    reading.notes.append(markup(unknown, " Close: ", Markup(listed), "."))


def find_nearest(index: TemplateIndex, typed: str) -> tuple[str, ...]:
    """Return the names that are equally close to the typed one; () if none is close."""
    tokens = tokenize(typed)
    if not tokens or len("".join(tokens)) < MIN_TEMPLATE_LETTERS:
        return ()
    matches = {name: match_name(tokens, text) for name, text in index.name_texts.items()}
    best = min(matches.values(), default=Match.NONE)
    if best <= Match.INSIDE:
        return tuple(name for name, match in matches.items() if match is best)
    if len("".join(tokens)) < MIN_MISTYPED_LETTERS:
        return ()
    slips = {name: slips for name in index.by_name if (slips := count_slips(tokens, name))}
    fewest = min(slips.values(), default=0)
    return tuple(name for name, count in slips.items() if count == fewest)
