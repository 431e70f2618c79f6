"""An upload of a spreadsheet, and its batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.sheets.chunks import iter_batches
from bot.sheets.items import Item


class UploadStage(StrEnum):
    DRAFT = "draft"  # checked, not confirmed
    RUNNING = "running"
    STOPPED = "stopped"  # a batch failed; it can be continued
    DONE = "done"


class BatchState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  # its request is in flight
    SENT = "sent"  # Chakra created a job for it
    REFUSED = "refused"  # by Chakra; none of it was imported
    UNKNOWN = "unknown"  # no response: it may have been imported


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload. ``attempt`` counts how often it was started or continued."""

    id: int
    key: str
    member: str
    channel: str
    procedure: str
    kind: str
    filename: str
    stage: UploadStage
    attempt: int
    watch_id: int
    created_at: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows ``first_row`` to ``last_row`` of the file, ``row_count`` of them; ``body`` is JSON."""

    number: int
    first_row: int
    last_row: int
    row_count: int
    state: BatchState = BatchState.PENDING
    job_id: str = ""
    problem: str = ""
    body: bytes = field(default=b"", repr=False)


def build_batches(items: Sequence[Item], row_numbers: Sequence[int]) -> list[Batch]:
    """Return the items in batches, each one request."""
    return [
        Batch(
            number=batch.number,
            first_row=batch.first_row,
            last_row=batch.last_row,
            row_count=len(batch.row_numbers),
            body=batch.body,
        )
        for batch in iter_batches(items, row_numbers)
    ]
