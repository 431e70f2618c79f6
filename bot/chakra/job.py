"""A background job and its entries (contract sections 7.1 and 7.2).

Of a job the ids, the moments and the counts are CONFIRMED. Of an entry only `completionStatus` is;
every other key is UNKNOWN, so that a reason is looked for where reasons usually stand, and all the
rest is kept as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.chakra.fields import Text, Timestamp, to_text
from bot.chakra.models import IdentifiedResource
from bot.chakra.text import has_visible_text, sanitize_line
from bot.chakra.transport.error_body import message_in_body

NOT_STARTED, SUCCESS, ERROR, INVALID = "NOT_STARTED", "SUCCESS", "ERROR", "INVALID"
ENTRY_STATES = (SUCCESS, ERROR, INVALID, NOT_STARTED)
"""Of an entry. INVALID was rejected and never tried; ERROR was tried and failed. CONFIRMED."""
UNSUCCESSFUL_STATES = frozenset({ERROR, INVALID})

_MAX_STATE_LENGTH = 80
_MAX_STATES = 50


def _to_state(value: object) -> str:
    """One of `ENTRY_STATES` however it is written; any other word as it stands."""
    text = sanitize_line(value, _MAX_STATE_LENGTH) if isinstance(value, str) else to_text(value)
    known = text.upper()
    return known if known in ENTRY_STATES else text


def _to_counts(value: object) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name, raw_count in value.items() if isinstance(value, Mapping) else ():
        state, count = _to_state(name), _to_count(raw_count)
        if (
            has_visible_text(state)
            and count is not None
            and (state in found or len(found) < _MAX_STATES)
        ):
            found[state] = found.get(state, 0) + count
    return MappingProxyType(found)


def _to_count(value: object) -> int | None:
    text = to_text(int(value) if isinstance(value, float) and value.is_integer() else value)
    return int(text) if text.isascii() and text.isdigit() else None


class Job(IdentifiedResource):
    """`counts` says how many entries are in each state, also in states that nobody documented;
    states without entries are perhaps left out (INFERRED), and a new job may have none at all.

    `type`, `completion_status` and `status_message` are the job's own. IN_PROGRESS is the only
    status that has been seen, and nothing here goes by it.
    """

    type: Text = ""
    completion_status: Text = ""
    status_message: Text = ""
    created_at: Timestamp = None
    updated_at: Timestamp = None
    started_at: Timestamp = None
    completed_at: Timestamp = None
    counts: Annotated[Mapping[str, int], BeforeValidator(_to_counts)] = Field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def remaining(self) -> int:
        return self.counts.get(NOT_STARTED, 0)

    @property
    def done(self) -> int:
        return self.total - self.remaining

    @property
    def succeeded(self) -> int:
        return self.counts.get(SUCCESS, 0)

    @property
    def failed(self) -> int:
        return self.counts.get(ERROR, 0)

    @property
    def invalid(self) -> int:
        return self.counts.get(INVALID, 0)

    @property
    def unsuccessful(self) -> int:
        return self.failed + self.invalid

    @property
    def finished(self) -> bool:
        """By what is documented alone: nothing is left to start, or the job says when it ended."""
        return self.completed_at is not None or (self.total > 0 and self.remaining == 0)


_ID_KEY, _STATUS_KEY = "id", "completionStatus"
_REASON_KEYS = (
    "statusMessage",
    "errorMessage",
    "failureReason",
    "reason",
    "message",
    "_errors",
    "errors",
    "error",
    "details",
    "response",
    "result",
)
"""Where an entry may say why, the likeliest first. INFERRED, all of them."""


class JobEntry(BaseModel):
    """`reason` is one line of at most 300 characters, "" where none is found. `other` holds every
    other key as it came, in order; a reason that is more than a text stays there too, one that is
    null does not."""

    model_config = ConfigDict(frozen=True)

    id: str = ""
    completion_status: str = ""
    reason: str = Field(default="", repr=False)
    other: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @classmethod
    def from_item(cls, item: object) -> JobEntry:
        """Reads whatever stands in the array."""
        if not isinstance(item, Mapping):
            return cls(other={"entry": item})
        status = _STATUS_KEY if _STATUS_KEY in item else "status"
        source, reason = _find_reason(item)
        used_keys = {
            _ID_KEY,
            status,
            *(key for key in _REASON_KEYS if key in item and item[key] is None),
        }
        if isinstance(item.get(source), str):
            used_keys.add(source)
        return cls(
            id=to_text(item.get(_ID_KEY)),
            completion_status=_to_state(item.get(status)),
            reason=reason,
            other={str(key): value for key, value in item.items() if key not in used_keys},
        )

    @property
    def unsuccessful(self) -> bool:
        return self.completion_status in UNSUCCESSFUL_STATES


def _find_reason(item: Mapping[str, object]) -> tuple[str, str]:
    """The key and the words."""
    for key in _REASON_KEYS:
        message = message_in_body(item.get(key))
        if has_visible_text(message):
            return key, message
    return "", ""
