"""Meta's refusals behind Chakra: the code, Meta's words, and the class of error that owns the code.

The contract knows Meta's own shape (section 9.4). How Chakra relays it from its own endpoints is
UNKNOWN, so it is looked for everywhere: an object, a string of `_errors`, JSON inside a string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.chakra.meta_errors import UnnamedCode
from bot.chakra.text import plain
from bot.errors import ChakraError, Rejected

_LONGEST = 300  # characters of a title, and of the details
_LARGEST_CODE = 9_999_999
_DEPTH = 6
_ITEMS = 3
_PLACES = ("error", "_errors", "errors", "errorContext", "providerPayload", "message")
_TITLES = ("error_user_title", "title", "message")
_MARKED = re.compile(r"\(#(\d{1,7})\)\s*(.*)", re.DOTALL)
"""How Meta begins its messages: "(#131026) Message undeliverable"."""

_NAMED = re.compile(r"\b(?:code|error)\W{0,4}(13\d{4})\b", re.IGNORECASE)
"""All codes of WhatsApp with six digits begin with 13, so that "status code 400" is none."""

_SIGNS = frozenset({"fbtrace_id", "error_data", "error_subcode", "error_user_msg", "href"})
"""Fields that only Meta's objects have. A small `code` beside none of them may be anybody's."""

_LARGE = 1000


@dataclass(frozen=True)
class MetaError:
    """`title` names the failure, `details` are about this very case; either may be ""."""

    code: int
    title: str = ""
    details: str = ""

    @property
    def words(self) -> str:
        title = f"(#{self.code}) {self.title}".rstrip()
        return f"{title}: {self.details}" if self.details else title

    @property
    def owner(self) -> type[ChakraError] | None:
        """The class that owns the code; nothing where nobody has named it yet."""
        return OWNERS.get(self.code)


def owners(root: type[ChakraError]) -> dict[int, type[ChakraError]]:
    """Code -> the class below `root` that declares it. Raises `ValueError` for a code of two."""
    table: dict[int, type[ChakraError]] = {}
    for kind in _below(root):
        for code in vars(kind).get("codes", ()):
            if code in table:
                raise ValueError(f"{code} belongs to {table[code].__name__} and {kind.__name__}")
            table[code] = kind
    return table


def _below(root: type[ChakraError]) -> Iterator[type[ChakraError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _below(kind)


OWNERS: Mapping[int, type[ChakraError]] = owners(ChakraError)


def from_meta(code: int, title: str = "", details: str = "") -> ChakraError:
    """The error for a code of Meta's, from an answer or from a webhook; `UnnamedCode` where no
    class owns the code."""
    found = MetaError(code, _title(title), _details(title, details))
    return (found.owner or UnnamedCode)(found.words, code=code, details=found.details)


def failure_in(status: object) -> ChakraError:
    """The error of a failed status: from an item of `errors[]` in the pass-through webhook, or the
    array; from the `payload` or the `errorContext` of Chakra's webhook; from Chakra's message
    object. `Rejected` where no code is named."""
    found = meta_error_in(status, surely_metas=True)
    if found is not None:
        return from_meta(found.code, found.title, found.details)
    context = status.get("errorContext", status) if isinstance(status, Mapping) else None
    said = context.get("message") if isinstance(context, Mapping) else None
    return Rejected(plain(said, _LONGEST) if isinstance(said, str) else "")


def meta_error_in(body: object, *, surely_metas: bool = False) -> MetaError | None:
    """Meta's error in a body of whatever shape. `surely_metas` where an object with a `code` can
    only be Meta's, so that a small code needs no other sign of it."""
    return _found(body, surely_metas, _DEPTH)


def _found(value: object, surely: bool, depth: int) -> MetaError | None:
    if depth == 0:
        return None
    if isinstance(value, str):
        return _in_text(value, depth)
    places: Iterator[object] = iter(())
    if isinstance(value, list):
        places = iter(value[:_ITEMS])
    elif isinstance(value, Mapping):
        if here := _in_object(value, surely):
            return here
        places = (value.get(name) for name in _PLACES)
    return next((found for place in places if (found := _found(place, surely, depth - 1))), None)


def _in_object(error: Mapping[str, object], surely: bool) -> MetaError | None:
    code = _code(error.get("code"))
    titles = [text for name in _TITLES if isinstance(text := error.get(name), str) and text]
    marked = any(f"(#{code})" in title for title in titles)
    if code is None or not (surely or marked or code >= _LARGE or _SIGNS & error.keys()):
        return None
    title = next(iter(titles), "")
    return MetaError(code, _title(title), _details(title, _said_of_this_case(error)))


def _said_of_this_case(error: Mapping[str, object]) -> str:
    """`error_user_msg` is what Meta means for people; templates that are refused have it."""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, Mapping) else data
    said = (error.get("error_user_msg"), details, error.get("details"), error.get("message"))
    return next((words for words in said if isinstance(words, str) and words.strip()), "")


def _in_text(text: str, depth: int) -> MetaError | None:
    with suppress(ValueError, RecursionError):
        if found := _found(_json_in(text), False, depth - 1):
            return found
    if marked := _MARKED.search(text):
        title, _, details = marked[2].partition(": ")
        return MetaError(int(marked[1]), _title(title), plain(details, _LONGEST))
    named = _NAMED.search(text)
    return MetaError(int(named[1]), "", plain(text, _LONGEST)) if named else None


def _json_in(text: str) -> object:
    """An object that stands in other words, as in "Request failed: {…}"."""
    start, end = text.find("{"), text.rfind("}")
    value = json.loads(text[start : end + 1]) if 0 <= start < end else None
    return value if isinstance(value, Mapping) else None


def _code(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 7:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _LARGEST_CODE else None


def _title(written: str) -> str:
    marked = _MARKED.match(written)
    return plain(marked[2] if marked else written, _LONGEST)


def _details(title: str, details: str) -> str:
    """ "" where they only repeat the title: Meta often says everything twice."""
    words = _title(details)
    return "" if words.rstrip(".").lower() == _title(title).rstrip(".").lower() else words
