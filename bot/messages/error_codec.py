"""The codec of a send's error: to the columns that store it, and back to an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from bot.errors import (
    AuthenticationError,
    BotError,
    ChakraError,
    FileUnavailable,
    FileUploadFailed,
    InvalidFile,
    NoLongerMeant,
    PreparationFailed,
    RateLimited,
    RecipientOptedOut,
    Rejected,
    SlackError,
    Unavailable,
)
from bot.messages.send import Failure
from bot.privacy import redact

NOT_SENT_ERRORS = (Rejected, AuthenticationError, RateLimited, Unavailable)
"""After these errors and their subclasses a message has certainly not been sent."""
PREPARATION_ERRORS = (
    FileUnavailable,
    FileUploadFailed,
    InvalidFile,
    NoLongerMeant,
    PreparationFailed,
    RecipientOptedOut,
)
"""The other errors that stop a send before its request leaves."""

ErrorT = TypeVar("ErrorT", bound=BotError)


def serialize_error(error: BotError) -> Failure:
    """Return the error as the database stores it.

    Texts from Chakra and Meta may contain a phone number: they are redacted.
    """
    if isinstance(error, SlackError):
        return Failure(error.kind, details=error.code)
    if type(error) is AuthenticationError:  # its status distinguishes the two cases
        return Failure(error.kind, error.status, redact(error.message))
    return Failure(
        error.kind,
        getattr(error, "code", None),
        redact(error.message),
        redact(getattr(error, "details", "")),
        error.retry_after,
    )


def deserialize_error(failure: Failure) -> BotError:
    """Return the error, for its sentence and advice; an unknown kind is a plain rejection."""
    if failure.kind == FileUnavailable.kind:
        return FileUnavailable("files.info", failure.details)
    if failure.kind == AuthenticationError.kind:
        return AuthenticationError(failure.text, status=failure.code)
    for local_error in (InvalidFile, NoLongerMeant, PreparationFailed, RecipientOptedOut):
        if failure.kind == local_error.kind:
            return local_error(failure.text)
    types: dict[str, type[ChakraError]] = {
        error_type.kind: error_type
        for error_type in _iter_subclasses((*NOT_SENT_ERRORS, FileUploadFailed))
    }
    error_type = types.get(failure.kind, Rejected)
    return error_type(
        failure.text,
        code=failure.code,
        details=failure.details,
        retry_after=failure.retry_after,
    )


def _iter_subclasses(error_types: tuple[type[ErrorT], ...]) -> Iterator[type[ErrorT]]:
    for error_type in error_types:
        yield error_type
        yield from _iter_subclasses(tuple(error_type.__subclasses__()))
