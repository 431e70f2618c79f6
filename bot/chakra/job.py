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

from bot.chakra.fields import Moment, Text, text
from bot.chakra.models import Identified
from bot.chakra.text import plain, visible
from bot.chakra.transport.error_body import complaint_in

NOT_STARTED, SUCCESS, ERROR, INVALID = "NOT_STARTED", "SUCCESS", "ERROR", "INVALID"
STATES = (SUCCESS, ERROR, INVALID, NOT_STARTED)
"""Of an entry. INVALID was rejected and never tried; ERROR was tried and failed. CONFIRMED."""
UNSUCCESSFUL = frozenset({ERROR, INVALID})

_LONGEST_STATE = 80
_MOST_STATES = 50


def _state(value: object) -> str:
    """One of `STATES` however it is written; any other word as it stands."""
    written = plain(value, _LONGEST_STATE) if isinstance(value, str) else text(value)
    known = written.upper()
    return known if known in STATES else written


def _counts(value: object) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name, said in value.items() if isinstance(value, Mapping) else ():
        state, count = _state(name), _count(said)
        if visible(state) and count is not None and (state in found or len(found) < _MOST_STATES):
            found[state] = found.get(state, 0) + count
    return MappingProxyType(found)


def _count(value: object) -> int | None:
    written = text(int(value) if isinstance(value, float) and value.is_integer() else value)
    return int(written) if written.isascii() and written.isdigit() else None


class Job(Identified):
    """`counts` says how many entries are in each state, also in states that nobody documented;
    states without entries are perhaps left out (INFERRED), and a new job may have none at all.

    `type`, `completion_status` and `status_message` are the job's own. IN_PROGRESS is the only
    status that has been seen, and nothing here goes by it.
    """

    type: Text = ""
    completion_status: Text = ""
    status_message: Text = ""
    created_at: Moment = None
    updated_at: Moment = None
    started_at: Moment = None
    completed_at: Moment = None
    counts: Annotated[Mapping[str, int], BeforeValidator(_counts)] = Field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def to_go(self) -> int:
        return self.counts.get(NOT_STARTED, 0)

    @property
    def done(self) -> int:
        return self.total - self.to_go

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
        return self.completed_at is not None or (self.total > 0 and self.to_go == 0)


_ID, _STATUS = "id", "completionStatus"
_REASONS = (
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
    def of(cls, item: object) -> JobEntry:
        """Reads whatever stands in the array."""
        if not isinstance(item, Mapping):
            return cls(other={"entry": item})
        status = _STATUS if _STATUS in item else "status"
        source, reason = _reason(item)
        taken = {_ID, status, *(key for key in _REASONS if key in item and item[key] is None)}
        if isinstance(item.get(source), str):
            taken.add(source)
        return cls(
            id=text(item.get(_ID)),
            completion_status=_state(item.get(status)),
            reason=reason,
            other={str(key): value for key, value in item.items() if key not in taken},
        )

    @property
    def unsuccessful(self) -> bool:
        return self.completion_status in UNSUCCESSFUL


def _reason(item: Mapping[str, object]) -> tuple[str, str]:
    """The key and the words."""
    for key in _REASONS:
        words = complaint_in(item.get(key))
        if visible(words):
            return key, words
    return "", ""
