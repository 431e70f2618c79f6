"""The words of a ``/chakra send`` line that are part of no field, named with a reason. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from string import punctuation

from bot.chakra.text import sanitize_line
from bot.messages.line_reading import DETAIL_WORDS, Reading, is_text, quote, undress
from bot.processes.moment_words import has_moment
from bot.slack.blocks import markup
from bot.text.phones import is_phone_like

MIN_FREE_TEXT_WORDS = 3
MAX_UNUSED_LENGTH = 300


def name_unused_words(reading: Reading) -> None:
    """Add a sentence with the words that aren't part of a field."""
    words = reading.words
    for start, end in words.list_spans():
        first, last = undress(words, start, end)
        words.take(start, first)
        words.take(last, end)
        if (
            reading.to
            and start > 0
            and {words.get_text(at) for at in range(start, end)} <= DETAIL_WORDS
        ):
            words.take(start, end)
    for place in words.list_free_places():
        is_sign = not words.has_letters(place) and words.words[place].run == 0
        if is_sign or _is_dressing_in_place(reading, place):
            words.take(place, place + 1)
    free = words.list_free_places()
    unused = sanitize_line(words.describe_unused(with_quoted=False), MAX_UNUSED_LENGTH)
    if not unused:
        return
    is_free_text = len(free) >= MIN_FREE_TEXT_WORDS or is_text(words, free[0], free[-1] + 1)
    if is_free_text and not reading.name:
        reading.notes.append(
            markup(
                "WhatsApp needs a template here, so your own text can't be sent. Not used: ",
                quote(unused, MAX_UNUSED_LENGTH),
                ".",
            )
        )
        return
    if reading.to and (reason := _explain_unused(reading, free)):
        reading.notes.append(markup(f"{reason} Not used: ", quote(unused, MAX_UNUSED_LENGTH), "."))
        return
    help_text = " To fill a variable, put its text in quotes." if reading.name else ""
    reading.notes.append(markup("Not used: ", quote(unused, MAX_UNUSED_LENGTH), f".{help_text}"))


def _explain_unused(reading: Reading, free: Sequence[int]) -> str:
    """Return why words can't be used that are a time, or another person; "" for others."""
    words = [reading.words.words[place].text for place in free]
    if has_moment(words):
        return "Messages can't be scheduled from Slack: it goes out when you press Send."
    before = {reading.words.get_text(place - 1) for place in free if place}
    texts = " ".join(words)
    is_contact = is_phone_like(texts) or "@" in texts
    if is_contact or reading.is_person(texts) or before & {"and", "&", "und", "y", "aur"}:
        return "A message goes to one person at a time."
    return ""


def _is_dressing_in_place(reading: Reading, place: int) -> bool:
    """Return whether it is punctuation, or a lone ``to`` or ``for`` of a field."""
    words = reading.words
    text = words.get_text(place)
    if set(text) <= set(punctuation):
        return True
    alone = not words.is_free(place - 1) and not words.is_free(place + 1)
    return alone and ((text in ("to", "for") and bool(reading.to)) or text in ("-", "–", "->", "&"))
