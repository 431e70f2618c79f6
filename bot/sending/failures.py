"""The error of a send as the database keeps it, and as an error once more."""

from __future__ import annotations

from collections.abc import Iterator

from bot.chakra.complaint import wait_in_words
from bot.errors import ChakraError, KeyRefused, Rejected, Throttled, Unavailable
from bot.privacy import redact
from bot.store.sends import Failure

REFUSALS = (Rejected, KeyRefused, Throttled, Unavailable)
"""After these, and what is below them, a message has certainly not gone out."""


def failure_of(error: ChakraError) -> Failure:
    """Chakra and Meta may name a phone number in what they say: it is masked."""
    text = redact(f"{error.message} {_wait_of(error)}".strip())
    return Failure(error.kind, error.code, text, redact(error.details))


def error_of(failure: Failure) -> ChakraError:
    """The error, for its sentence and remedy. What a later version no longer knows is a plain
    refusal."""
    known = {kind.kind: kind for kind in _with_those_below(REFUSALS)}
    kind = known.get(failure.kind, Rejected)
    wait = wait_in_words(failure.text)
    return kind(failure.text, code=failure.code, details=failure.details, retry_after=wait)


def _wait_of(error: ChakraError) -> str:
    """In Chakra's own words, which are read again; "" where they are there, or the kind knows."""
    wait = error.retry_after
    if wait in (None, error.not_before) or wait_in_words(error.message) is not None:
        return ""
    return f"(retry after {wait:.0f} s)"


def _with_those_below(kinds: tuple[type[ChakraError], ...]) -> Iterator[type[ChakraError]]:
    for kind in kinds:
        yield kind
        yield from _with_those_below(tuple(kind.__subclasses__()))
