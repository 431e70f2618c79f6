"""Convert sends and failures from and to their columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.parameters import is_one_of
from bot.db.rows import read_row
from bot.db.tables import sends
from bot.messages.send import Failure, Send
from bot.messages.status import SendStatus

TIME_COLUMNS: Mapping[SendStatus, str] = {
    SendStatus.SENT: "sent_at",
    SendStatus.DELIVERED: "delivered_at",
    SendStatus.READ: "read_at",
}
"""The columns with the times that WhatsApp reports."""


def has_message_id(
    connection: AsyncConnection, workspace: str, message_ids: Collection[str]
) -> ColumnElement[bool]:
    """Return the condition that a send of a workspace has one of these IDs, of Meta or of Chakra.

    Each column is searched by its own index. With OR, or with the bare column of the workspace,
    SQLite reads all sends of the workspace.
    """
    by_column = (
        select(sends.c.id).where(is_one_of(connection, column, message_ids))
        for column in (sends.c.wamid, sends.c.message_id)
    )
    is_own = func.coalesce(sends.c.workspace, "") == workspace
    return and_(sends.c.id.in_(union_all(*by_column)), is_own)


def send_from_row(row: Row[Any]) -> Send:
    """Return the send of a row of ``sends``."""
    return read_row(Send, row, status=SendStatus(row.status), failure=failure_from_row(row))


def build_failure_columns(failure: Failure | None) -> dict[str, Any]:
    """Return a value for each failure column of a send: empty without a failure."""
    return {
        "failure_kind": failure.kind if failure else "",
        "failure_code": failure.code if failure else None,
        "failure_text": failure.text if failure else "",
        "failure_details": failure.details if failure else "",
        "failure_retry_after": failure.retry_after if failure else None,
    }


def failure_from_row(row: Row[Any]) -> Failure | None:
    """Return the failure in a row, None if it has none."""
    if not row.failure_kind:
        return None
    return Failure(
        row.failure_kind,
        row.failure_code,
        row.failure_text,
        row.failure_details,
        row.failure_retry_after,
    )
