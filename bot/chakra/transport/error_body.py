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

from bot.chakra.text import sanitize_line
from bot.chakra.transport.exchange import ChakraResponse

MAX_MESSAGE_LENGTH = 300
"""Characters of a message that are kept."""

MAX_ERROR_BODY_BYTES = 64 * 1024
"""Bytes. A larger body of an error is no message."""

_MAX_RETRY_AFTER_SECONDS = 24 * 3600.0
"""Seconds. A longer wait is a misread moment in time, not a wait."""

_RETRY_AFTER_TEXT = re.compile(
    r"retry[\s_-]?after[:=\s]{0,3}(\d{1,9}(?:\.\d{1,6})?)\s?(ms|milliseconds?|s|secs?|seconds?)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,6})?")
_RETRY_AFTER_FIELDS = (
    ("retry_after_ms", 0.001),
    ("retryAfterMs", 0.001),
    ("retry_after", 1.0),
    ("retryAfter", 1.0),
)
_MESSAGE_FIELDS = ("_errors", "error", "message", "errors", "details", "title")
_MAX_DEPTH = 4
_MAX_ITEMS = 3


def message_in_response(response: ChakraResponse) -> str:
    """What the body says went wrong, on one line of at most 300 characters; "" where it says
    nothing that a person could read."""
    if response.media_type == "text/html" or len(response.body) > MAX_ERROR_BODY_BYTES:
        return ""
    with suppress(ValueError):
        return message_in_body(response.json())
    text = response.body.decode("utf-8", "replace")
    return "" if text.lstrip().startswith("<") else sanitize_line(text, MAX_MESSAGE_LENGTH)


def message_in_body(body: object) -> str:
    """`_errors[…]` first (the vendor's SDK), then `error` (a string, or Meta's object with `code`
    and `error_data.details`), then `message`."""
    return sanitize_line(_find_message(body, _MAX_DEPTH), MAX_MESSAGE_LENGTH)


def retry_after_seconds(response: ChakraResponse, now: float) -> float | None:
    """Seconds that the answer asks to wait, or nothing. `now` is the time of day, for a
    `Retry-After` that is a date.

    The words come first: they are the only form that has been observed, and the most exact.
    """
    in_words = retry_after_in_text(message_in_response(response))
    if in_words is not None:
        return in_words
    for place in _iter_retry_after_fields(response):
        for name, unit in _RETRY_AFTER_FIELDS:
            if (wait := _to_seconds(place.get(name), unit)) is not None:
                return wait
    return _parse_retry_after_header(response.headers.get("retry-after", ""), now)


def has_retry_after_text(response: ChakraResponse) -> bool:
    return _RETRY_AFTER_TEXT.search(message_in_response(response)) is not None


def retry_after_in_text(text: str) -> float | None:
    """Seconds, of "retry after 850 ms"."""
    match = _RETRY_AFTER_TEXT.search(text)
    if match is None:
        return None
    return _to_seconds(match[1], 0.001 if match[2].lower().startswith("m") else 1.0)


def _find_message(value: object, depth: int) -> str:
    if isinstance(value, str):
        return value
    if depth == 0:
        return ""
    if isinstance(value, list):
        messages = (_find_message(item, depth - 1) for item in value[:_MAX_ITEMS])
        return "; ".join(words for words in messages if words.strip())
    if isinstance(value, Mapping):
        return _meta_message(value) or _first_message(value, depth)
    return ""


def _first_message(value: Mapping[str, object], depth: int) -> str:
    for name in _MESSAGE_FIELDS:
        words = _find_message(value.get(name), depth - 1)
        if words.strip():
            return words
    return ""


def _meta_message(error: Mapping[str, object]) -> str:
    """Of Meta's error object: its message, its code where the message does not carry it, and the
    details, which say what the message only names."""
    message, code, data = error.get("message"), error.get("code"), error.get("error_data")
    if not isinstance(message, str):
        return ""
    if isinstance(code, int) and not isinstance(code, bool) and f"#{code}" not in message:
        message = f"(#{code}) {message}"
    details = data.get("details") if isinstance(data, Mapping) else error.get("error_user_msg")
    return f"{message}: {details}" if isinstance(details, str) and details else message


def _iter_retry_after_fields(response: ChakraResponse) -> Iterator[Mapping[str, object]]:
    body: object = None
    with suppress(ValueError):
        body = response.json() if len(response.body) <= MAX_ERROR_BODY_BYTES else None
    if not isinstance(body, Mapping):
        return
    yield body
    for name in ("error", "_meta"):
        if isinstance(place := body.get(name), Mapping):
            yield place
    errors = body.get("_errors")
    if isinstance(errors, list):
        yield from (error for error in errors[:_MAX_ITEMS] if isinstance(error, Mapping))


def _to_seconds(value: object, unit: float) -> float | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value * unit if 0 <= value <= _MAX_RETRY_AFTER_SECONDS / unit else None


def _parse_retry_after_header(header: str, now: float) -> float | None:
    if _NUMBER.fullmatch(header.strip()):
        return _to_seconds(header, 1.0)
    try:
        moment = parsedate_to_datetime(header)
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return _to_seconds(max(0.0, seconds), 1.0)
