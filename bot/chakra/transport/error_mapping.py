"""Map responses and transport errors to the classes of ``bot.errors``, for reads and writes.

The vendor documents no status codes; those below are INFERRED from their usual meaning in HTTP.
After a write it is known that nothing happened only if no connection was made or the response is a
refusal: a 4xx, a 501, or a 503 that names a wait, which only a server shedding load sends.
Everything else may have happened and becomes ``OutcomeUnknown``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress

from bot.chakra.meta import MetaError, find_meta_error
from bot.chakra.meta_errors import UnknownMetaCode
from bot.chakra.transport.error_body import (
    MAX_ERROR_BODY_BYTES,
    extract_body_message,
    extract_response_message,
    has_retry_after_text,
    retry_after_seconds,
)
from bot.chakra.transport.exchange import ChakraRequest, ChakraResponse, TransportError
from bot.errors import (
    AddressNotFound,
    AuthenticationError,
    ChakraError,
    InvalidResponse,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    Rejected,
    RequestTooLarge,
    ResourceNotFound,
    Unavailable,
)

RETRYABLE_STATUSES = frozenset({408, *range(500, 600)}) - {501}
"""Statuses after which a read is retried: the server timed out or failed. 501 is permanent."""

REQUEST_TIMEOUT = 408

ERRORS_BY_STATUS: dict[int, type[ChakraError]] = {
    401: AuthenticationError,
    403: PermissionDenied,
    404: ResourceNotFound,
    408: Unavailable,
    410: ResourceNotFound,
    413: RequestTooLarge,
    429: RateLimited,
    501: Rejected,
}
"""Any other 4xx is ``Rejected``."""

PLACES = frozenset(
    ("procedureShortId", "pluginId", "wabaId", "whatsappApiVersion", "whatsappPhoneNumberId",
     "phoneNumber")
)  # fmt: skip
"""The parameters of addresses that don't name a record: lists and messages have no others."""
_PARAMETER = re.compile(r"\{(\w+)")

_DEFAULT_MESSAGES = {
    401: "The access token was not accepted.",
    403: "The role of the access token does not allow this.",
    404: "It does not exist.",
    429: "Too many requests were sent to Chakra.",
}

_TRANSPORT_MESSAGES = {
    "connect": "No connection to Chakra could be made.",
    "pool": "Too many requests to Chakra are already waiting.",
    "timeout": "Chakra did not respond in time.",
}


def is_rate_limited(response: ChakraResponse) -> bool:
    """Return whether a response is a rate limit: a 429, or another 4xx that amounts to one.

    That is one with a message such as "retry after <N> ms", which a client in production treats as
    a 429, or with one of Meta's codes for a rate limit.
    """
    if response.status == 429:
        return True
    if not 400 <= response.status < 500:
        return False
    meta = parse_meta_error(response)
    by_meta = (
        meta is not None
        and meta.error_class is not None
        and issubclass(meta.error_class, RateLimited)
    )
    return by_meta or has_retry_after_text(response)


def retry_after_or_default(response: ChakraResponse, now: float) -> float | None:
    """Return the seconds to wait that a response names, else the default of its Meta code."""
    retry_after = retry_after_seconds(response, now)
    meta = parse_meta_error(response)
    default = (
        meta.error_class.default_retry_after
        if meta is not None and meta.error_class is not None
        else None
    )
    return default if retry_after is None else retry_after


def build_error(response: ChakraResponse, now: float) -> ChakraError | None:
    """Return the error for a response; ``None`` for a 2xx, whose body has yet to be parsed.

    ``now`` is the time of day.
    """
    if response.ok:
        return None
    message = extract_response_message(response)
    if response.status < 400:
        return build_invalid_response(
            response, f"The status is {response.status}: this is not Chakra's API."
        )
    meta = parse_meta_error(response)
    error_class = _choose_class_by_meta_code(response, meta) or _choose_class_by_status(
        response, now
    )
    default_message = _DEFAULT_MESSAGES.get(response.status, "")
    if error_class is PermissionDenied and message:
        message = f"{default_message} {message}"
    waits = issubclass(error_class, RateLimited | Unavailable)
    return _build_error(
        error_class,
        response,
        message or default_message,
        meta,
        retry_after_seconds(response, now) if waits else None,
    )


def find_body_error(response: ChakraResponse, body: Mapping[str, object]) -> ChakraError | None:
    """Return the error in a 2xx, from ``_errors`` or from Meta's ``error``; else ``None``."""
    errors = {name: body[name] for name in ("_errors", "error") if body.get(name)}
    if not errors:
        return None
    meta = find_meta_error(errors)
    error_class: type[ChakraError] = RateLimited if has_retry_after_text(response) else Rejected
    if meta is not None:
        error_class = meta.error_class or UnknownMetaCode
    message = extract_body_message(errors)
    wait = retry_after_seconds(response, 0.0) if issubclass(error_class, RateLimited) else None
    return _build_error(error_class, response, message, meta, wait)


def parse_meta_error(response: ChakraResponse) -> MetaError | None:
    """Return Meta's error in the body of an error response, or ``None``."""
    if (
        response.ok
        or len(response.body) > MAX_ERROR_BODY_BYTES
        or response.media_type == "text/html"
    ):
        return None
    with suppress(ValueError):
        return find_meta_error(response.parse_json())
    return find_meta_error(response.body.decode("utf-8", "replace"))


def _choose_class_by_meta_code(
    response: ChakraResponse, meta: MetaError | None
) -> type[ChakraError] | None:
    """Return the class for Meta's code, regardless of the status: Meta says to go by the code.

    Return ``None`` for a write with a 5xx if the code says only that something failed, or is
    unknown: neither says what happened to the write.
    """
    if meta is None:
        return None
    if meta.error_class is not None:
        vague = response.status >= 500 and response.request.is_write
        return None if vague and issubclass(meta.error_class, Unavailable) else meta.error_class
    known = (
        response.status in ERRORS_BY_STATUS or response.status >= 500 or is_rate_limited(response)
    )
    return None if known else UnknownMetaCode


def _build_error(
    error_class: type[ChakraError],
    response: ChakraResponse,
    message: str,
    meta: MetaError | None,
    retry_after: float | None,
) -> ChakraError:
    return error_class(
        message,
        endpoint=response.request.endpoint,
        status=response.status,
        request_id=response.request_id,
        retry_after=retry_after,
        code=meta.code if meta else None,
        details=meta.details if meta else "",
    )


def _choose_class_by_status(response: ChakraResponse, now: float) -> type[ChakraError]:
    if is_rate_limited(response):
        return RateLimited
    if response.status == REQUEST_TIMEOUT and response.request.is_write:
        return OutcomeUnknown  # a gateway may respond like this after passing the write on
    if response.status in ERRORS_BY_STATUS:
        found = ERRORS_BY_STATUS[response.status]
        names_record = set(_PARAMETER.findall(response.request.endpoint)) - PLACES
        return AddressNotFound if found is ResourceNotFound and not names_record else found
    if response.status < 500:
        return Rejected
    was_refused = response.status == 503 and retry_after_seconds(response, now) is not None
    return OutcomeUnknown if response.request.is_write and not was_refused else Unavailable


def build_not_found(response: ChakraResponse) -> ResourceNotFound:
    """Return the error for a 2xx whose ``_data`` is null: there is nothing with this ID."""
    return ResourceNotFound(
        _DEFAULT_MESSAGES[404],
        endpoint=response.request.endpoint,
        status=response.status,
        request_id=response.request_id,
    )


def build_transport_error(request: ChakraRequest, error: TransportError) -> ChakraError:
    """Return the error for a request without a response."""
    error_class = OutcomeUnknown if request.is_write and error.sent else Unavailable
    message = _TRANSPORT_MESSAGES.get(error.kind, "The connection to Chakra was lost.")
    if error.detail:
        message = f"{message} ({error.detail})"
    return error_class(message, endpoint=request.endpoint, request_id=request.request_id)


def build_invalid_response(response: ChakraResponse, reason: str, field: str = "") -> ChakraError:
    """Return the error for a response that cannot be parsed at ``field``, a dotted path.

    It is ``InvalidResponse`` for a read, and ``OutcomeUnknown`` for a write, which may have
    happened; its message contains the field.
    """
    request, status, request_id = response.request, response.status, response.request_id
    if request.is_write:
        location = f" ({field})" if field else ""
        return OutcomeUnknown(
            f"The response could not be parsed{location}: {reason}",
            endpoint=request.endpoint,
            status=status,
            request_id=request_id,
        )
    return InvalidResponse(
        reason, field=field, endpoint=request.endpoint, status=status, request_id=request_id
    )
