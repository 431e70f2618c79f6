"""Sends: one row per submission, claimed before anything is sent, with its later status."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.claims import ClaimOutcome, lock_name
from bot.db.engine import Database
from bot.db.tables import sends
from bot.messages.rows import build_failure_columns, has_message_id, send_from_row
from bot.messages.send import ClaimResult, Failure, Send, build_conversation_key
from bot.messages.status import SendStatus
from bot.messages.status_updates import apply_stored
from bot.messages.submission import Claim

NOT_PREPARED_FAILURE = Failure("preparation_failed")

_EXPIRED_COLUMNS: Mapping[SendStatus, Mapping[str, Any]] = {
    SendStatus.SENDING: {"status": SendStatus.UNKNOWN},
    SendStatus.PREPARING: {
        "status": SendStatus.FAILED,
        **build_failure_columns(NOT_PREPARED_FAILURE),
    },
}
"""Status of a send -> what is stored if it expires in it."""

_ANY_UNFINISHED = select(
    exists().where(
        sends.c.workspace == bindparam("workspace"),
        sends.c.status.in_((SendStatus.SENDING, SendStatus.PREPARING)),
        or_(
            sends.c.started_at <= bindparam("cutoff"),
            sends.c.started_at > bindparam("set_back_cutoff"),
        ),
    )
)


class Sends:
    """Each method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def claim(
        self,
        claim: Claim,
        process_id: str,
        now: float,
        *,
        duplicate_since: float | None,
        confirmed_duplicate_of: int | None = None,
        status: SendStatus = SendStatus.SENDING,
    ) -> ClaimResult:
        """Insert the send with this ``status``, unless another one is in its way.

        A duplicate is a send of the same content to the same recipient that started after
        ``duplicate_since`` (None: do not search) and has not failed. ``confirmed_duplicate_of`` is
        the one the person was asked about and wants to send again; if someone else has done so
        since, that newer send is in the way.
        """
        async with self._database.begin() as connection:
            name = self._workspace + claim.recipient_hash
            await lock_name(self._database, connection, name)
            earlier = await _fetch_latest(connection, self._has_key(claim.key))
            if earlier is not None:
                return ClaimResult(earlier, ClaimOutcome.REPLAYED)
            if duplicate_since is not None:
                alike = await _fetch_latest(connection, self._is_duplicate(claim, duplicate_since))
                if alike is not None and alike.id != confirmed_duplicate_of:
                    return ClaimResult(alike, ClaimOutcome.DUPLICATE)
            inserted = await connection.execute(
                self._database.insert(sends)
                .values(
                    workspace=self._workspace,
                    **asdict(claim),
                    process_id=process_id,
                    started_at=now,
                    status=status,
                    status_at=now,
                )
                .on_conflict_do_nothing(index_elements=[sends.c.workspace, sends.c.key])
                .returning(sends)
            )
            row = inserted.one_or_none()
            if row is not None:
                return ClaimResult(send_from_row(row), ClaimOutcome.CREATED)
        # The same key was claimed a moment ago for another recipient.
        earlier = await self.find_by_key(claim.key)
        assert earlier is not None  # noqa: S101 - the key exists, and new rows are not purged
        return ClaimResult(earlier, ClaimOutcome.REPLAYED)

    async def record_outcome(
        self,
        send_id: int,
        status: SendStatus,
        at: float,
        *,
        message_id: str = "",
        wamid: str = "",
        failure: Failure | None = None,
    ) -> Send:
        """Record the IDs, and the status unless the row has a later one; return the row.

        Delivery statuses that arrived before the IDs were known are applied with them.
        """
        async with self._database.begin() as connection:
            earlier = await connection.execute(
                update(sends)
                .where(sends.c.id == send_id)
                .values(
                    message_id=_prefer_known(sends.c.message_id, message_id),
                    wamid=_prefer_known(sends.c.wamid, wamid),
                )
                .returning(sends.c.status)
            )
            is_reported = earlier.scalar_one() not in _IN_FLIGHT_STATUSES
            has_notice = is_reported and status is SendStatus.FAILED
            await connection.execute(
                update(sends)
                .where(sends.c.id == send_id, sends.c.status.in_(status.replaceable))
                .values(
                    status=status,
                    status_at=at,
                    report_pending=True,
                    has_failure_notice=has_notice,
                    **build_failure_columns(failure),
                )
            )
            await apply_stored(
                connection,
                self._workspace,
                send_id,
                wamid=wamid,
                message_id=message_id,
                now=at,
                is_reported=is_reported,
            )
            row = (await connection.execute(select(sends).where(sends.c.id == send_id))).one()
        return send_from_row(row)

    async def mark_sending(self, send_id: int) -> bool:
        """Move a send from ``preparing`` to ``sending``.

        Return False if it has expired; its request must not be sent then.
        """
        preparing = and_(sends.c.id == send_id, sends.c.status == SendStatus.PREPARING)
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(sends).where(preparing).values(status=SendStatus.SENDING)
            )
            return done.rowcount == 1

    async def expire(
        self,
        started_cutoff: float,
        now: float,
        exclude_ids: Collection[int],
        *,
        set_back_cutoff: float = math.inf,
    ) -> list[Send]:
        """Expire sends that started by ``started_cutoff``, except ``exclude_ids``; return them.

        Also those that started after ``set_back_cutoff``: the clock has been set back since.
        ``sending`` becomes ``unknown``; ``preparing`` becomes ``failed``: it was never sent.
        """
        chosen = {
            "workspace": self._workspace,
            "cutoff": started_cutoff,
            "set_back_cutoff": set_back_cutoff,
        }
        async with self._database.begin() as connection:
            if not await connection.scalar(_ANY_UNFINISHED, chosen):
                return []
            late = and_(
                sends.c.workspace == self._workspace,
                or_(sends.c.started_at <= started_cutoff, sends.c.started_at > set_back_cutoff),
                sends.c.id.not_in(exclude_ids),
            )
            expired: list[Send] = []
            for status, outcome in _EXPIRED_COLUMNS.items():
                rows = await connection.execute(
                    update(sends)
                    .where(late, sends.c.status == status)
                    .values(status_at=now, report_pending=True, **outcome)
                    .returning(sends)
                )
                expired += [send_from_row(row) for row in rows]
            return expired

    async def purge(self, started_cutoff: float, limit: int) -> int:
        """Delete the oldest sends with an outcome that started by ``started_cutoff``.

        Return how many. An interaction that repeats one of them would start a new send.
        """
        old = (
            select(sends.c.id)
            .where(
                sends.c.workspace == self._workspace,
                sends.c.status.in_(_SETTLED_STATUSES),
                sends.c.started_at <= started_cutoff,
            )
            .order_by(sends.c.started_at)
            .limit(limit)
        )
        async with self._database.begin() as connection:
            deleted = await connection.execute(delete(sends).where(sends.c.id.in_(old)))
            return deleted.rowcount

    async def list_last_used(self, member: str, window: int) -> tuple[tuple[str, str], ...]:
        """Return the templates of the last ``window`` template sends, latest first, each once."""
        mine = (
            select(sends.c.template, sends.c.language)
            .where(
                sends.c.workspace == self._workspace,
                sends.c.member == member,
                sends.c.template != "",
            )
            .order_by(sends.c.started_at.desc())
            .limit(window)
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(mine)
            return tuple(dict.fromkeys((row.template, row.language) for row in rows))

    async def count_by_member(
        self, template: str, language: str, since: float
    ) -> list[tuple[str, int]]:
        """Return how often each member has sent a template since then, most frequent first."""
        count = func.count()
        counted = (
            select(sends.c.member, count)
            .where(
                sends.c.workspace == self._workspace,
                sends.c.template == template,
                sends.c.language == language,
                sends.c.started_at >= since,
            )
            .group_by(sends.c.member)
            .order_by(count.desc(), sends.c.member)
        )
        async with self._database.begin() as connection:
            return [(member, number) for member, number in await connection.execute(counted)]

    async def count_recipients(self, since: float) -> int:
        """Return to how many people templates were sent since then; failed ones don't count."""
        counted = select(func.count(sends.c.recipient_hash.distinct())).where(
            sends.c.workspace == self._workspace,
            sends.c.started_at >= since,
            sends.c.template != "",
            sends.c.status.not_in([SendStatus.PREPARING, SendStatus.FAILED]),
        )
        async with self._database.begin() as connection:
            return int((await connection.execute(counted)).scalar_one())

    def _has_key(self, key: str) -> ColumnElement[bool]:
        return and_(sends.c.workspace == self._workspace, sends.c.key == key)

    def _is_duplicate(self, claim: Claim, since: float) -> ColumnElement[bool]:
        return and_(
            sends.c.workspace == self._workspace,
            sends.c.recipient_hash == claim.recipient_hash,
            sends.c.content_hash == claim.content_hash,
            sends.c.started_at > since,
            sends.c.status != SendStatus.FAILED,
        )

    async def find_duplicate(self, claim: Claim, since: float) -> Send | None:
        """Return the send that would be in the way of this claim, see `claim`."""
        async with self._database.begin() as connection:
            return await _fetch_latest(connection, self._is_duplicate(claim, since))

    async def find_by_id(self, send_id: int) -> Send | None:
        """Return the send with this ID."""
        async with self._database.begin() as connection:
            return await _fetch_latest(
                connection, and_(sends.c.workspace == self._workspace, sends.c.id == send_id)
            )

    async def find_by_message_ids(self, message_ids: Sequence[str]) -> dict[str, Send]:
        """Return the sends that Meta or Chakra gave one of these IDs, by each of their IDs."""
        async with self._database.begin() as connection:
            is_known = has_message_id(connection, self._workspace, message_ids)
            found = select(sends).where(is_known)
            rows = [send_from_row(row) for row in await connection.execute(found)]
        return {key: send for send in rows for key in (send.wamid, send.message_id) if key}

    async def list_latest(
        self,
        limit: int,
        *,
        member: str = "",
        statuses: Sequence[SendStatus] = (),
        start: float = 0.0,
        end: float = math.inf,
    ) -> list[Send]:
        """Return the latest sends that started in this time, up to ``limit``, latest first.

        Only of ``member`` and with one of ``statuses``, if given.
        """
        conditions = [sends.c.workspace == self._workspace, sends.c.started_at >= start]
        if member:
            conditions.append(sends.c.member == member)
        if statuses:
            conditions.append(sends.c.status.in_(statuses))
        if end < math.inf:
            conditions.append(sends.c.started_at < end)
        found = select(sends).where(*conditions).order_by(sends.c.started_at.desc()).limit(limit)
        async with self._database.begin() as connection:
            return [send_from_row(row) for row in await connection.execute(found)]

    async def find_answer(
        self, conversation_ids: Collection[int], *, after: int, not_by: str, before: int = 0
    ) -> Send | None:
        """Return the latest send in these conversations by another member that may have arrived.

        Only those whose ID is higher than ``after`` and, unless it is 0, lower than ``before``.
        """
        conditions = [
            sends.c.workspace == self._workspace,
            or_(
                *(
                    sends.c.key.startswith(build_conversation_key(each, ""), autoescape=True)
                    for each in conversation_ids
                )
            ),
            sends.c.id > after,
            sends.c.member != not_by,
            sends.c.status != SendStatus.FAILED,
        ]
        if before:
            conditions.append(sends.c.id < before)
        async with self._database.begin() as connection:
            return await _fetch_latest(connection, and_(*conditions))

    async def find_by_key(self, key: str) -> Send | None:
        """Return the send that this interaction started."""
        async with self._database.begin() as connection:
            return await _fetch_latest(connection, self._has_key(key))


_IN_FLIGHT_STATUSES = (SendStatus.PREPARING, SendStatus.SENDING)
_SETTLED_STATUSES = tuple(status for status in SendStatus if status not in _IN_FLIGHT_STATUSES)


def _prefer_known(column: ColumnElement[str], value: str) -> ColumnElement[str]:
    """Return the row's value, or ``value`` if that is still ""."""
    return case((column == "", value), else_=column)


async def _fetch_latest(connection: AsyncConnection, condition: ColumnElement[bool]) -> Send | None:
    """Return the latest send by ID: the clocks of two replicas may differ."""
    newest = select(sends).where(condition).order_by(sends.c.id.desc())
    row = (await connection.execute(newest.limit(1))).one_or_none()
    return None if row is None else send_from_row(row)
