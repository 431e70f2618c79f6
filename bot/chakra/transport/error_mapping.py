"""What a status, or silence, means: one table for reads and writes.

The vendor documents no status code; those below are inferred from what every HTTP API means by
them. The rule for writes: it is *known* that nothing happened only where the connection was never
made, or the answer is a refusal (4xx, 501, or a 503 that names a wait, which only a server that is
turning work away does). Everything else may have happened, and is `OutcomeUnknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from bot.chakra.meta import MetaError, meta_error_in
from bot.chakra.meta_errors import UnnamedCode
from bot.chakra.transport.error_body import (
    LARGEST_BODY,
    complaint_in,
    complaint_of,
    names_a_wait_in_words,
    wait_named_by,
)
from bot.chakra.transport.exchange import Answer, Call, Silence
from bot.errors import (
    ChakraError,
    KeyRefused,
    Missing,
    OutcomeUnknown,
    Rejected,
    RoleTooSmall,
    Throttled,
    Unavailable,
    Unreadable,
)

RETRIED = frozenset({408, *range(500, 600)}) - {501}
"""Statuses after which a read is repeated: the server gave up or fell over. 501 says that it will
never know how."""

TIMED_OUT = 408

REFUSALS: dict[int, type[ChakraError]] = {
    401: KeyRefused,
    403: RoleTooSmall,
    404: Missing,
    408: Unavailable,
    410: Missing,
    429: Throttled,
    501: Rejected,
}
"""Any other 4xx is `Rejected`."""

_WITHOUT_WORDS = {
    401: "The access token was not accepted.",
    403: "The role of the access token does not allow this.",
    404: "There is no such thing.",
    429: "Chakra was asked too often.",
}

_SILENCES = {
    "connect": "No connection to Chakra could be made.",
    "pool": "Too many requests to Chakra were waiting already.",
    "timeout": "Chakra did not answer in time.",
}


def is_throttled(answer: Answer) -> bool:
    """429, or any 4xx whose words are "retry after <N> ms" (a client in production takes those for
    429, and no status is documented) or that relays one of Meta's codes for it."""
    if answer.status == 429:
        return True
    if not 400 <= answer.status < 500:
        return False
    meta = meta_error_of(answer)
    by_meta = meta is not None and meta.owner is not None and issubclass(meta.owner, Throttled)
    return by_meta or names_a_wait_in_words(answer)


def wait_after(answer: Answer, now: float) -> float | None:
    """Seconds that the answer asks to wait, or that its code of Meta's is known to take."""
    named = wait_named_by(answer, now)
    meta = meta_error_of(answer)
    usual = meta.owner.not_before if meta is not None and meta.owner is not None else None
    return usual if named is None else named


def refusal(answer: Answer, now: float) -> ChakraError | None:
    """The error that an answer of any status stands for; nothing for 2xx, whose body is still to
    be read. `now` is the time of day."""
    if answer.ok:
        return None
    words = complaint_of(answer)
    if answer.status < 400:
        return unreadable(answer, f"It answered {answer.status}: this is not Chakra's API.")
    meta = meta_error_of(answer)
    kind = _kind_by_meta(answer, meta) or _kind(answer, now)
    usual = _WITHOUT_WORDS.get(answer.status, f"The request failed with status {answer.status}.")
    if kind is RoleTooSmall and words:
        words = f"{usual} {words}"
    waits = issubclass(kind, Throttled | Unavailable)
    return _made(kind, answer, words or usual, meta, wait_named_by(answer, now) if waits else None)


def refusal_inside(answer: Answer, body: Mapping[str, object]) -> ChakraError | None:
    """The error that a 2xx carries in `_errors`, or in `error` as Meta does; nothing without."""
    said = {name: body[name] for name in ("_errors", "error") if body.get(name)}
    if not said:
        return None
    meta = meta_error_in(said)
    kind: type[ChakraError] = Throttled if names_a_wait_in_words(answer) else Rejected
    if meta is not None:
        kind = meta.owner or UnnamedCode
    words = complaint_in(said) or "Chakra refused and gave no reason."
    wait = wait_named_by(answer, 0.0) if issubclass(kind, Throttled) else None
    return _made(kind, answer, words, meta, wait)


def meta_error_of(answer: Answer) -> MetaError | None:
    if answer.ok or len(answer.body) > LARGEST_BODY or answer.media_type == "text/html":
        return None
    with suppress(ValueError):
        return meta_error_in(answer.json())
    return meta_error_in(answer.body.decode("utf-8", "replace"))


def _kind_by_meta(answer: Answer, meta: MetaError | None) -> type[ChakraError] | None:
    """The class that owns the code, whatever the status: Meta itself says not to go by that.

    Save that in a 5xx "something failed" (`MetaBusy`), like a code that nobody knows, says nothing
    of what became of a write.
    """
    if meta is None:
        return None
    if meta.owner is not None:
        vague = answer.status >= 500 and answer.call.writes
        return None if vague and issubclass(meta.owner, Unavailable) else meta.owner
    known = answer.status in REFUSALS or answer.status >= 500 or is_throttled(answer)
    return None if known else UnnamedCode


def _made(
    kind: type[ChakraError],
    answer: Answer,
    words: str,
    meta: MetaError | None,
    retry_after: float | None,
) -> ChakraError:
    return kind(
        words,
        endpoint=answer.call.endpoint,
        status=answer.status,
        request_id=answer.request_id,
        retry_after=retry_after,
        code=meta.code if meta else None,
        details=meta.details if meta else "",
    )


def _kind(answer: Answer, now: float) -> type[ChakraError]:
    if is_throttled(answer):
        return Throttled
    if answer.status == TIMED_OUT and answer.call.writes:
        return OutcomeUnknown  # a gateway may say so after it had handed the write on
    if answer.status in REFUSALS:
        return REFUSALS[answer.status]
    if answer.status < 500:
        return Rejected
    turned_away = answer.status == 503 and wait_named_by(answer, now) is not None
    return OutcomeUnknown if answer.call.writes and not turned_away else Unavailable


def missing(answer: Answer) -> Missing:
    """For a 2xx whose `_data` is null: the id was understood and nothing belongs to it."""
    return Missing(
        _WITHOUT_WORDS[404],
        endpoint=answer.call.endpoint,
        status=answer.status,
        request_id=answer.request_id,
    )


def unanswered(call: Call, silence: Silence) -> ChakraError:
    kind = OutcomeUnknown if call.writes and silence.sent else Unavailable
    words = _SILENCES.get(silence.kind, "The connection to Chakra broke off.")
    if silence.detail:
        words = f"{words} ({silence.detail})"
    return kind(words, endpoint=call.endpoint, request_id=call.request_id)


def unreadable(answer: Answer, why: str, field: str = "") -> ChakraError:
    """`Unreadable` for a read. A write was answered, only not in a form that says what was done,
    so that it is `OutcomeUnknown`, and the message carries the field."""
    call, status, request_id = answer.call, answer.status, answer.request_id
    if call.writes:
        place = f" ({field})" if field else ""
        return OutcomeUnknown(
            f"The answer could not be read{place}: {why}",
            endpoint=call.endpoint,
            status=status,
            request_id=request_id,
        )
    return Unreadable(
        why, field=field, endpoint=call.endpoint, status=status, request_id=request_id
    )
