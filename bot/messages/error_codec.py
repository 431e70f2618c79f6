"""The error of a send as the database keeps it, and as an error once more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from bot.chakra.transport.error_body import wait_in_words
from bot.errors import (
    BotError,
    ChakraError,
    FileNotGiven,
    FileNotTaken,
    FileUnfit,
    KeyRefused,
    NotPrepared,
    Rejected,
    SlackError,
    Throttled,
    Unavailable,
)
from bot.messages.repository import Failure
from bot.privacy import redact

REFUSALS = (Rejected, KeyRefused, Throttled, Unavailable)
"""After these, and what is below them, a message has certainly not gone out."""
BEFOREHAND = (FileNotGiven, FileNotTaken, FileUnfit, NotPrepared)
"""What stops a send before its request leaves, beside those."""

Kind = TypeVar("Kind", bound=BotError)


def failure_of(error: BotError) -> Failure:
    """Chakra and Meta may name a phone number in what they say: it is masked."""
    if isinstance(error, SlackError):
        return Failure(error.kind, details=error.code)
    if type(error) is KeyRefused:  # by its status it says which of two things is wrong
        return Failure(error.kind, error.status, redact(error.message))
    code, details = getattr(error, "code", None), getattr(error, "details", "")
    text = f"{error.message} {_wait_of(error)}".strip()
    return Failure(error.kind, code, redact(text), redact(details))


def error_of(failure: Failure) -> BotError:
    """The error, for its sentence and remedy. What a later version no longer knows is a plain
    refusal."""
    if failure.kind == FileNotGiven.kind:
        return FileNotGiven("files.info", failure.details)
    if failure.kind == KeyRefused.kind:
        return KeyRefused(failure.text, status=failure.code)
    for beforehand in (FileUnfit, NotPrepared):
        if failure.kind == beforehand.kind:
            return beforehand(failure.text)
    known: dict[str, type[ChakraError]] = {
        kind.kind: kind for kind in _with_those_below((*REFUSALS, FileNotTaken))
    }
    kind = known.get(failure.kind, Rejected)
    wait = wait_in_words(failure.text)
    return kind(failure.text, code=failure.code, details=failure.details, retry_after=wait)


def _wait_of(error: BotError) -> str:
    """In Chakra's own words, which are read again; "" where they are there, or the kind knows."""
    wait = error.retry_after
    known = wait == getattr(error, "not_before", None)
    if wait is None or known or wait_in_words(error.message) is not None:
        return ""
    return f"(retry after {wait:.0f} s)"


def _with_those_below(kinds: tuple[type[Kind], ...]) -> Iterator[type[Kind]]:
    for kind in kinds:
        yield kind
        yield from _with_those_below(tuple(kind.__subclasses__()))
