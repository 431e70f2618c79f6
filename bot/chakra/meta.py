"""Find Meta's error in a response or a status: its code, its text, and the class for the code.

Meta's own shape is CONFIRMED. How Chakra relays it from its own endpoints is UNKNOWN (API.md,
Meta's errors), so it is searched in objects, in the strings of ``_errors``, and in JSON inside a
string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.chakra.meta_errors import UnknownMetaCode
from bot.chakra.text import sanitize_line
from bot.errors import ChakraError, Rejected

_MAX_TEXT_LENGTH = 300  # characters of a title and of details
_MAX_CODE = 9_999_999
_MAX_DEPTH = 6
_MAX_ITEMS = 3
_NESTED_KEYS = ("error", "_errors", "errors", "errorContext", "providerPayload", "message")
_TITLE_KEYS = ("error_user_title", "title", "message")
_CODE_PREFIX = re.compile(r"\(#(\d{1,7})\)\s*(.*)", re.DOTALL)
"""The start of Meta's messages: "(#131026) Message undeliverable"."""

_CODE_IN_TEXT = re.compile(r"\b(?:code|error)\W{0,4}(13\d{4})\b", re.IGNORECASE)
"""WhatsApp's six-digit codes start with 13, so that "status code 400" does not match."""

_META_ONLY_KEYS = frozenset({"fbtrace_id", "error_data", "error_subcode", "error_user_msg", "href"})
"""Fields that only Meta's objects have. Without one of them, a small ``code`` may not be Meta's."""

_MIN_UNAMBIGUOUS_CODE = 1000


@dataclass(frozen=True)
class MetaError:
    """Meta's error: ``title`` names it, ``details`` describe this case; either may be ""."""

    code: int
    title: str = ""
    details: str = ""

    @property
    def message(self) -> str:
        """The code, the title and the details on one line."""
        title = f"(#{self.code}) {self.title}".rstrip()
        return f"{title}: {self.details}" if self.details else title

    @property
    def error_class(self) -> type[ChakraError] | None:
        """The class for the code; ``None`` if there is none."""
        return ERROR_CLASS_BY_CODE.get(self.code)


def map_error_classes(root: type[ChakraError]) -> dict[int, type[ChakraError]]:
    """Return the subclass of ``root`` for every code. Raise ``ValueError`` for a code of two."""
    table: dict[int, type[ChakraError]] = {}
    for error_class in _iter_subclasses(root):
        for code in vars(error_class).get("codes", ()):
            if code in table:
                raise ValueError(
                    f"{code} belongs to {table[code].__name__} and {error_class.__name__}"
                )
            table[code] = error_class
    return table


def _iter_subclasses(root: type[ChakraError]) -> Iterator[type[ChakraError]]:
    for error_class in root.__subclasses__():
        yield error_class
        yield from _iter_subclasses(error_class)


ERROR_CLASS_BY_CODE: Mapping[int, type[ChakraError]] = map_error_classes(ChakraError)


def build_meta_error(code: int, title: str = "", details: str = "") -> ChakraError:
    """Return the error for Meta's code; ``UnknownMetaCode`` if no class has it."""
    meta_error = MetaError(code, _clean_title(title), _clean_details(title, details))
    return (meta_error.error_class or UnknownMetaCode)(
        meta_error.message, code=code, details=meta_error.details
    )


def error_from_status(status: object) -> ChakraError:
    """Return the error of a failed status; ``Rejected`` if it has no code.

    ``status`` may be the array ``errors`` of the pass-through webhook or an item of it, the
    ``payload`` or the ``errorContext`` of Chakra's webhook, or Chakra's message object.
    """
    meta_error = find_meta_error(status, is_meta=True)
    if meta_error is not None:
        return build_meta_error(meta_error.code, meta_error.title, meta_error.details)
    context = status.get("errorContext", status) if isinstance(status, Mapping) else None
    message = context.get("message") if isinstance(context, Mapping) else None
    return Rejected(sanitize_line(message, _MAX_TEXT_LENGTH) if isinstance(message, str) else "")


def find_meta_error(body: object, *, is_meta: bool = False) -> MetaError | None:
    """Return Meta's error in a body of any shape, or ``None``.

    ``is_meta``: an object with a ``code`` is certainly Meta's, so a small code needs no other sign.
    """
    return _search(body, is_meta, _MAX_DEPTH)


def _search(value: object, is_meta: bool, depth: int) -> MetaError | None:
    if depth == 0:
        return None
    if is_meta and (code := _to_code(value) or 0) >= _MIN_UNAMBIGUOUS_CODE:
        return MetaError(code)
    if isinstance(value, str):
        return _parse_text(value, depth)
    children: Iterator[object] = iter(())
    if isinstance(value, list):
        children = iter(value[:_MAX_ITEMS])
    elif isinstance(value, Mapping):
        if here := _parse_object(value, is_meta):
            return here
        children = (value.get(name) for name in _NESTED_KEYS)
    return next(
        (found for child in children if (found := _search(child, is_meta, depth - 1))), None
    )


def _parse_object(error: Mapping[str, object], is_meta: bool) -> MetaError | None:
    code = _to_code(error.get("code"))
    titles = [text for name in _TITLE_KEYS if isinstance(text := error.get(name), str) and text]
    has_code_prefix = any(f"(#{code})" in title for title in titles)
    if code is None or not (
        is_meta
        or has_code_prefix
        or code >= _MIN_UNAMBIGUOUS_CODE
        or _META_ONLY_KEYS & error.keys()
    ):
        return None
    title = next(iter(titles), "")
    return MetaError(code, _clean_title(title), _clean_details(title, _find_case_details(error)))


def _find_case_details(error: Mapping[str, object]) -> str:
    """Return the most specific text; ``error_user_msg``, as of rejected templates, comes first."""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, Mapping) else data
    candidates = (error.get("error_user_msg"), details, error.get("details"), error.get("message"))
    return next((text for text in candidates if isinstance(text, str) and text.strip()), "")


def _parse_text(text: str, depth: int) -> MetaError | None:
    with suppress(ValueError, RecursionError):
        if found := _search(_parse_embedded_json(text), False, depth - 1):
            return found
    if marked := _CODE_PREFIX.search(text):
        title, _, details = marked[2].partition(": ")
        return MetaError(
            int(marked[1]), _clean_title(title), sanitize_line(details, _MAX_TEXT_LENGTH)
        )
    named = _CODE_IN_TEXT.search(text)
    return MetaError(int(named[1]), "", sanitize_line(text, _MAX_TEXT_LENGTH)) if named else None


def _parse_embedded_json(text: str) -> object:
    """Return a JSON object inside other text, as in "Request failed: {…}", or ``None``."""
    start, end = text.find("{"), text.rfind("}")
    value = json.loads(text[start : end + 1]) if 0 <= start < end else None
    return value if isinstance(value, Mapping) else None


def _to_code(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 7:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MAX_CODE else None


def _clean_title(text: str) -> str:
    marked = _CODE_PREFIX.match(text)
    return sanitize_line(marked[2] if marked else text, _MAX_TEXT_LENGTH)


def _clean_details(title: str, details: str) -> str:
    """Return the details on one line; "" if they only repeat the title, as Meta often does."""
    cleaned = _clean_title(details)
    return "" if cleaned.rstrip(".").lower() == _clean_title(title).rstrip(".").lower() else cleaned
