"""Store which files of customers go into their threads: one row each, claimed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, bindparam, delete, select, update

from bot.db.customer_tables import conversation_files
from bot.db.engine import Database


class FileState(StrEnum):
    """The state of a file, as stored. A claimed one may be in Slack, so it isn't retried."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    ATTACHED = "attached"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file that is yet to be uploaded."""

    id: int
    conversation_id: int
    event_id: int
    created_at: float


_files = conversation_files.c
_WAITING = (
    select(_files.id, _files.conversation_id, _files.event_id, _files.created_at)
    .where(
        _files.workspace == bindparam("workspace"),
        _files.state == FileState.WAITING,
        _files.not_before <= bindparam("now"),
    )
    .order_by(_files.id)
    .limit(bindparam("count"))
)


class AttachedFiles:
    """Each method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def request(self, conversation_id: int, event_id: int, now: float) -> None:
        """Queue the file of a message for upload into the thread.

        A repeat changes nothing, unless the file was refused: its message is posted again.
        """
        row = {
            "workspace": self._workspace,
            "conversation_id": conversation_id,
            "event_id": event_id,
            "state": FileState.WAITING,
            "created_at": now,
        }
        column = conversation_files.c
        wanted = self._database.insert(conversation_files).values(**row)
        wanted = wanted.on_conflict_do_update(
            index_elements=[column.workspace, column.conversation_id, column.event_id],
            set_={"state": FileState.WAITING, "created_at": now, "not_before": 0.0},
            where=column.state == FileState.REFUSED,
        )
        async with self._database.begin() as connection:
            await connection.execute(wanted)

    async def list_waiting(self, now: float, limit: int) -> list[WaitingFile]:
        """Return the files that may be uploaded now, oldest first."""
        chosen = {"workspace": self._workspace, "now": now, "count": limit}
        async with self._database.begin() as connection:
            return [WaitingFile(*row) for row in await connection.execute(_WAITING, chosen)]

    async def claim(self, file_id: int) -> bool:
        """Claim a waiting file for an upload; return False if another process has."""
        column = conversation_files.c
        return await self._change(
            {"state": FileState.CLAIMED}, column.id == file_id, column.state == FileState.WAITING
        )

    async def release(self, file_id: int, not_before: float) -> None:
        """Release a file whose upload certainly didn't happen, for another attempt."""
        changes = {"state": FileState.WAITING, "not_before": not_before}
        await self._change(changes, conversation_files.c.id == file_id)

    async def finish(self, file_id: int, state: FileState, slack_id: str = "") -> None:
        """Record how the upload ended."""
        changes = {"state": state, "file_id": slack_id}
        await self._change(changes, conversation_files.c.id == file_id)

    async def find_slack_id(self, conversation_id: int, event_id: int) -> str:
        """Return Slack's ID of an attached file; "" if there is none."""
        column = conversation_files.c
        found = select(column.file_id).where(
            column.workspace == self._workspace,
            column.conversation_id == conversation_id,
            column.event_id == event_id,
        )
        async with self._database.begin() as connection:
            return (await connection.execute(found)).scalar_one_or_none() or ""

    async def purge(self, cutoff: float) -> int:
        """Delete the rows older than ``cutoff``; return how many."""
        old = delete(conversation_files).where(
            conversation_files.c.workspace == self._workspace,
            conversation_files.c.created_at <= cutoff,
        )
        async with self._database.begin() as connection:
            return (await connection.execute(old)).rowcount

    async def _change(
        self, changes: Mapping[str, object], *conditions: ColumnElement[bool]
    ) -> bool:
        mine = conversation_files.c.workspace == self._workspace
        async with self._database.begin() as connection:
            changed = await connection.execute(
                update(conversation_files).where(mine, *conditions).values(**changes)
            )
            return changed.rowcount == 1
