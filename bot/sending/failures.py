"""The error of a send as the database keeps it, and as an error once more."""

from __future__ import annotations

from collections.abc import Iterator

from bot.errors import ChakraError, KeyRefused, Rejected, Throttled, Unavailable
from bot.privacy import redact
from bot.store.sends import Failure

REFUSALS = (Rejected, KeyRefused, Throttled, Unavailable)
"""After these, and what is below them, a message has certainly not gone out."""


def failure_of(error: ChakraError) -> Failure:
    """Chakra and Meta may name a phone number in what they say: it is masked."""
    return Failure(error.kind, error.code, redact(error.message), redact(error.details))


def error_of(failure: Failure) -> ChakraError:
    """The error, for its sentence and remedy. What a later version no longer knows is a plain
    refusal."""
    known = {kind.kind: kind for kind in _with_those_below(REFUSALS)}
    kind = known.get(failure.kind, Rejected)
    return kind(failure.text, code=failure.code, details=failure.details)


def _with_those_below(kinds: tuple[type[ChakraError], ...]) -> Iterator[type[ChakraError]]:
    for kind in kinds:
        yield kind
        yield from _with_those_below(tuple(kind.__subclasses__()))
