"""The words of a refusal, and the wait it names, in every shape that has been seen or is printed.

The contract knows one shape for certain, `_errors: [string]`. The others are what independent
programs read from the same API, or what Meta answers through it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime

from bot.chakra.text import plain
from bot.chakra.transport.exchange import Answer

LONGEST = 300
"""Characters of a message that are kept."""

LARGEST_BODY = 64 * 1024
"""Bytes. A larger body of an error is no message."""

_LONGEST_WAIT = 24 * 3600.0
"""Seconds. A longer wait is a misread moment in time, not a wait."""

_WAIT_IN_WORDS = re.compile(
    r"retry[\s_-]?after[:=\s]{0,3}(\d{1,9}(?:\.\d{1,6})?)\s?(ms|milliseconds?|s|secs?|seconds?)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,6})?")
_WAIT_FIELDS = (
    ("retry_after_ms", 0.001),
    ("retryAfterMs", 0.001),
    ("retry_after", 1.0),
    ("retryAfter", 1.0),
)
_WORDS_FIELDS = ("_errors", "error", "message", "errors", "details", "title")
_DEPTH = 4
_ITEMS = 3


def complaint_of(answer: Answer) -> str:
    """What the body says went wrong, on one line of at most 300 characters; "" where it says
    nothing that a person could read."""
    if answer.media_type == "text/html" or len(answer.body) > LARGEST_BODY:
        return ""
    with suppress(ValueError):
        return complaint_in(answer.json())
    text = answer.body.decode("utf-8", "replace")
    return "" if text.lstrip().startswith("<") else plain(text, LONGEST)


def complaint_in(body: object) -> str:
    """`_errors[…]` first (the vendor's SDK), then `error` (a string, or Meta's object with `code`
    and `error_data.details`), then `message`."""
    return plain(_words(body, _DEPTH), LONGEST)


def wait_named_by(answer: Answer, now: float) -> float | None:
    """Seconds that the answer asks to wait, or nothing. `now` is the time of day, for a
    `Retry-After` that is a date.

    The words come first: they are the only form that has been observed, and the most exact.
    """
    in_words = wait_in_words(complaint_of(answer))
    if in_words is not None:
        return in_words
    for place in _places(answer):
        for name, unit in _WAIT_FIELDS:
            if (wait := _wait(place.get(name), unit)) is not None:
                return wait
    return _wait_in_header(answer.headers.get("retry-after", ""), now)


def names_a_wait_in_words(answer: Answer) -> bool:
    return _WAIT_IN_WORDS.search(complaint_of(answer)) is not None


def wait_in_words(text: str) -> float | None:
    """Seconds, of "retry after 850 ms"."""
    match = _WAIT_IN_WORDS.search(text)
    if match is None:
        return None
    return _wait(match[1], 0.001 if match[2].lower().startswith("m") else 1.0)


def _words(value: object, depth: int) -> str:
    if isinstance(value, str):
        return value
    if depth == 0:
        return ""
    if isinstance(value, list):
        said = (_words(item, depth - 1) for item in value[:_ITEMS])
        return "; ".join(words for words in said if words.strip())
    if isinstance(value, Mapping):
        return _metas_words(value) or _first_words(value, depth)
    return ""


def _first_words(value: Mapping[str, object], depth: int) -> str:
    for name in _WORDS_FIELDS:
        words = _words(value.get(name), depth - 1)
        if words.strip():
            return words
    return ""


def _metas_words(error: Mapping[str, object]) -> str:
    """Of Meta's error object: its message, its code where the message does not carry it, and the
    details, which say what the message only names."""
    message, code, data = error.get("message"), error.get("code"), error.get("error_data")
    if not isinstance(message, str):
        return ""
    if isinstance(code, int) and not isinstance(code, bool) and f"#{code}" not in message:
        message = f"(#{code}) {message}"
    details = data.get("details") if isinstance(data, Mapping) else error.get("error_user_msg")
    return f"{message}: {details}" if isinstance(details, str) and details else message


def _places(answer: Answer) -> Iterator[Mapping[str, object]]:
    body: object = None
    with suppress(ValueError):
        body = answer.json() if len(answer.body) <= LARGEST_BODY else None
    if not isinstance(body, Mapping):
        return
    yield body
    for name in ("error", "_meta"):
        if isinstance(place := body.get(name), Mapping):
            yield place
    errors = body.get("_errors")
    if isinstance(errors, list):
        yield from (error for error in errors[:_ITEMS] if isinstance(error, Mapping))


def _wait(value: object, unit: float) -> float | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value * unit if 0 <= value <= _LONGEST_WAIT / unit else None


def _wait_in_header(header: str, now: float) -> float | None:
    if _NUMBER.fullmatch(header.strip()):
        return _wait(header, 1.0)
    try:
        moment = parsedate_to_datetime(header)
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return _wait(max(0.0, seconds), 1.0)
