"""The error of a send as the database keeps it, and as an error once more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from bot.chakra.transport.error_body import retry_after_in_text
from bot.errors import (
    AuthenticationError,
    BotError,
    ChakraError,
    FileUnavailable,
    FileUploadFailed,
    InvalidFile,
    PreparationFailed,
    RateLimited,
    Rejected,
    SlackError,
    Unavailable,
)
from bot.messages.send import Failure
from bot.privacy import redact

NOT_SENT_ERRORS = (Rejected, AuthenticationError, RateLimited, Unavailable)
"""After these, and what is below them, a message has certainly not gone out."""
PREPARATION_ERRORS = (FileUnavailable, FileUploadFailed, InvalidFile, PreparationFailed)
"""What stops a send before its request leaves, beside those."""

ErrorT = TypeVar("ErrorT", bound=BotError)


def serialize_error(error: BotError) -> Failure:
    """Chakra and Meta may name a phone number in what they say: it is masked."""
    if isinstance(error, SlackError):
        return Failure(error.kind, details=error.code)
    if type(error) is AuthenticationError:  # by its status it says which of two things is wrong
        return Failure(error.kind, error.status, redact(error.message))
    code, details = getattr(error, "code", None), getattr(error, "details", "")
    text = f"{error.message} {_retry_after_text(error)}".strip()
    return Failure(error.kind, code, redact(text), redact(details))


def deserialize_error(failure: Failure) -> BotError:
    """The error, for its sentence and remedy. What a later version no longer knows is a plain
    refusal."""
    if failure.kind == FileUnavailable.kind:
        return FileUnavailable("files.info", failure.details)
    if failure.kind == AuthenticationError.kind:
        return AuthenticationError(failure.text, status=failure.code)
    for beforehand in (InvalidFile, PreparationFailed):
        if failure.kind == beforehand.kind:
            return beforehand(failure.text)
    known: dict[str, type[ChakraError]] = {
        kind.kind: kind for kind in _with_subclasses((*NOT_SENT_ERRORS, FileUploadFailed))
    }
    kind = known.get(failure.kind, Rejected)
    wait = retry_after_in_text(failure.text)
    return kind(failure.text, code=failure.code, details=failure.details, retry_after=wait)


def _retry_after_text(error: BotError) -> str:
    """In Chakra's own words, which are read again; "" where they are there, or the kind knows."""
    wait = error.retry_after
    known = wait == getattr(error, "default_retry_after", None)
    if wait is None or known or retry_after_in_text(error.message) is not None:
        return ""
    return f"(retry after {wait:.0f} s)"


def _with_subclasses(error_types: tuple[type[ErrorT], ...]) -> Iterator[type[ErrorT]]:
    for kind in error_types:
        yield kind
        yield from _with_subclasses(tuple(kind.__subclasses__()))
