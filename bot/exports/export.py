"""An export: a query with the columns of its file, its state and its progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from bot.exports.paging import Ending, Position
from bot.exports.rows import Layout


class ExportState(StrEnum):
    """The state of an export, as stored."""

    READING = "reading"
    UPLOADING = "uploading"
    """All pages are read; the file is not in Slack's messages yet."""
    SHARING = "sharing"
    """Slack was asked to post the file; whether it did is unknown."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_active(self) -> bool:
        return self in ACTIVE_STATES


ACTIVE_STATES = frozenset({ExportState.READING, ExportState.UPLOADING, ExportState.SHARING})
CANCELLABLE_STATES = frozenset({ExportState.READING, ExportState.UPLOADING, ExportState.FAILED})


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """What is read, as of the request: dates are fixed, and so are the names of IDs.

    ``echo`` is how the query was understood; ``plural`` and ``singular`` name the records.
    """

    where: Mapping[str, Any] = field(repr=False)
    echo: str = field(repr=False)
    plural: str
    singular: str
    layout: Layout = field(repr=False)
    timezone: str = ""

    @property
    def zone(self) -> tzinfo:
        """The time zone of the file's times: the member's, or UTC."""
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            return UTC

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ExportQuery:
        layout = value["layout"]
        fields = tuple((name, label) for name, label in layout["fields"])
        return cls(**{**value, "layout": Layout(**{**layout, "fields": fields})})


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """The progress of the reading.

    ``found`` are the fields that the layout lacks; the counts are those of the lines so far.
    """

    position: Position = field(default_factory=Position, repr=False)
    found: tuple[str, ...] = ()
    byte_count: int = 0
    cell_count: int = 0
    cut_count: int = 0
    """Values that are too long for a cell."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ExportProgress:
        position = value["position"]
        parts = {"last_page": tuple(position["last_page"]), "ending": Ending(position["ending"])}
        return cls(
            Position(**{**position, **parts}),
            tuple(value["found"]),
            value["byte_count"],
            value["cell_count"],
            value["cut_count"],
        )


@dataclass(frozen=True, slots=True)
class NewExport:
    """An export that a member requests."""

    member: str
    record_type: str
    query: ExportQuery


@dataclass(frozen=True, slots=True)
class Export:
    """A stored export. Times are in seconds since 1970.

    ``attempt`` starts at 1 and increases each time the member continues it. ``query`` is None if it
    can't be read any more, since the key was another one.
    """

    id: int
    member: str
    record_type: str
    query: ExportQuery | None = field(repr=False)
    state: ExportState
    attempt: int
    progress: ExportProgress
    page_count: int
    chunk_count: int
    row_count: int
    started_at: float
    file_id: str = ""
    shared_at: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The lines of one page, all of ``width`` columns, with the digests of their records' IDs."""

    lines: tuple[str, ...] = field(repr=False)
    width: int
    digests: tuple[bytes, ...] = ()
