"""A background job and its entries (API.md, Background jobs).

The IDs, times and counts of a job are CONFIRMED. Of an entry only ``completionStatus`` is; every
other key is UNKNOWN, so a reason is searched under the usual keys, and the rest is left unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.chakra.fields import Text, Timestamp, to_text
from bot.chakra.models import IdentifiedResource
from bot.chakra.text import has_visible_text, sanitize_line
from bot.chakra.transport.error_body import extract_body_message

NOT_STARTED, SUCCESS, ERROR, INVALID = "NOT_STARTED", "SUCCESS", "ERROR", "INVALID"
ENTRY_STATES = (SUCCESS, ERROR, INVALID, NOT_STARTED)
"""INVALID entries were rejected, ERROR ones were processed and failed. CONFIRMED."""
UNSUCCESSFUL_STATES = frozenset({ERROR, INVALID})

_MAX_STATE_LENGTH = 80
_MAX_STATES = 50


def _to_state(value: object) -> str:
    """Return one of ``ENTRY_STATES``, in any case; any other state unchanged."""
    text = sanitize_line(value, _MAX_STATE_LENGTH) if isinstance(value, str) else to_text(value)
    known = text.upper()
    return known if known in ENTRY_STATES else text


def _to_counts(value: object) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for name, raw_count in value.items() if isinstance(value, Mapping) else ():
        state, count = _to_state(name), _to_count(raw_count)
        if (
            has_visible_text(state)
            and count is not None
            and (state in counts or len(counts) < _MAX_STATES)
        ):
            counts[state] = counts.get(state, 0) + count
    return MappingProxyType(counts)


def _to_count(value: object) -> int | None:
    text = to_text(int(value) if isinstance(value, float) and value.is_integer() else value)
    return int(text) if text.isascii() and text.isdigit() else None


class Job(IdentifiedResource):
    """A background job.

    ``counts`` has the number of entries by state, undocumented states included. States without
    entries may be missing (INFERRED), and a new job may have no counts.

    ``type``, ``completion_status`` and ``status_message`` are those of the job. IN_PROGRESS is the
    only status that has been seen, so nothing depends on it.
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
        """The number of entries."""
        return sum(self.counts.values())

    @property
    def remaining(self) -> int:
        """The number of entries that have not been started."""
        return self.counts.get(NOT_STARTED, 0)

    @property
    def done(self) -> int:
        """The number of entries that have been processed or rejected."""
        return self.total - self.remaining

    @property
    def succeeded(self) -> int:
        """The number of entries that succeeded."""
        return self.counts.get(SUCCESS, 0)

    @property
    def failed(self) -> int:
        """The number of entries that were processed and failed."""
        return self.counts.get(ERROR, 0)

    @property
    def invalid(self) -> int:
        """The number of entries that were rejected."""
        return self.counts.get(INVALID, 0)

    @property
    def unsuccessful(self) -> int:
        """The number of entries that failed or were rejected."""
        return self.failed + self.invalid

    @property
    def finished(self) -> bool:
        """Whether no entry remains, or the job has an end time: the two documented signs."""
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
"""Keys that may have the reason of an entry, the likeliest first. All INFERRED."""


class JobEntry(BaseModel):
    """An entry of a background job.

    ``reason`` is one line of at most 300 characters, or "". ``other`` has the remaining keys
    unchanged and in order, including a reason that is not a plain string; null reasons are dropped.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: str = ""
    completion_status: str = ""
    reason: str = Field(default="", repr=False)
    other: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @classmethod
    def from_item(cls, item: object) -> JobEntry:
        """Build an entry from any element of the array."""
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
        """Whether the entry failed or was rejected."""
        return self.completion_status in UNSUCCESSFUL_STATES


def _find_reason(item: Mapping[str, object]) -> tuple[str, str]:
    """Return the key and the text of the reason; two empty strings if there is none."""
    for key in _REASON_KEYS:
        message = extract_body_message(item.get(key))
        if has_visible_text(message):
            return key, message
    return "", ""
