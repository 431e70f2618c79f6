"""Find the message and the wait in the body of an error, in every known shape.

Only ``_errors: [string]`` is CONFIRMED. The other shapes are those that independent programs read
from the same API, or Meta's (API.md, Errors).
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
"""Characters; a longer message is cut."""

MAX_ERROR_BODY_BYTES = 64 * 1024
"""Bytes; a larger body of an error is not searched for a message."""

_MAX_RETRY_AFTER_SECONDS = 24 * 3600.0
"""A larger number is probably a timestamp, not a wait."""

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


def extract_response_message(response: ChakraResponse) -> str:
    """Return the error message of a body on one line of at most 300 characters.

    Return "" if there is no readable one.
    """
    if response.media_type == "text/html" or len(response.body) > MAX_ERROR_BODY_BYTES:
        return ""
    with suppress(ValueError):
        return extract_body_message(response.parse_json())
    text = response.body.decode("utf-8", "replace")
    return "" if text.lstrip().startswith("<") else sanitize_line(text, MAX_MESSAGE_LENGTH)


def extract_body_message(body: object) -> str:
    """Return the error message of a parsed body on one line; "" if there is none.

    ``_errors[…]`` comes first, as in the vendor's SDK, then ``error`` (a string, or Meta's object
    with ``code`` and ``error_data.details``), then ``message``.
    """
    return sanitize_line(_find_message(body, _MAX_DEPTH), MAX_MESSAGE_LENGTH)


def retry_after_seconds(response: ChakraResponse, now: float) -> float | None:
    """Return the seconds to wait that a response names, or ``None``.

    ``now`` is the time of day, for a ``Retry-After`` that is a date. The wait in the message comes
    first: it is the only form that has been observed, and the most precise.
    """
    in_message = retry_after_in_text(extract_response_message(response))
    if in_message is not None:
        return in_message
    for fields in _iter_retry_after_fields(response):
        for name, unit in _RETRY_AFTER_FIELDS:
            if (wait := _to_seconds(fields.get(name), unit)) is not None:
                return wait
    return _parse_retry_after_header(response.headers.get("retry-after", ""), now)


def has_retry_after_text(response: ChakraResponse) -> bool:
    """Return whether the message names a wait."""
    return _RETRY_AFTER_TEXT.search(extract_response_message(response)) is not None


def retry_after_in_text(text: str) -> float | None:
    """Return the seconds named by a text such as "retry after 850 ms", or ``None``."""
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
        return "; ".join(message for message in messages if message.strip())
    if isinstance(value, Mapping):
        return _format_meta_message(value) or _find_first_message(value, depth)
    return ""


def _find_first_message(value: Mapping[str, object], depth: int) -> str:
    for name in _MESSAGE_FIELDS:
        message = _find_message(value.get(name), depth - 1)
        if message.strip():
            return message
    return ""


def _format_meta_message(error: Mapping[str, object]) -> str:
    """Return the text of Meta's error object: code, message and details.

    The code is added unless the message contains it; the details are more specific than the
    message.
    """
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
        body = response.parse_json() if len(response.body) <= MAX_ERROR_BODY_BYTES else None
    if not isinstance(body, Mapping):
        return
    yield body
    for name in ("error", "_meta"):
        if isinstance(nested := body.get(name), Mapping):
            yield nested
    errors = body.get("_errors")
    if isinstance(errors, list):
        yield from (error for error in errors[:_MAX_ITEMS] if isinstance(error, Mapping))


def _to_seconds(value: object, unit: float) -> float | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value.strip())  # strips more than float() does
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
