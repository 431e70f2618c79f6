"""The sends: one row for each submission, claimed before anything goes out, and its state since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.engine import Database
from bot.db.tables import sends
from bot.messages.status import State


@dataclass(frozen=True, slots=True)
class Failure:
    """``kind`` is that of an error in ``bot.errors``, ``code`` Meta's; the texts hold no number of
    a person's."""

    kind: str
    code: int | None = None
    text: str = ""
    details: str = ""


NEVER_LEFT = Failure("not_prepared")


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be sent, as it may be kept: ``recipient`` is masked."""

    key: str
    member: str
    template: str
    language: str
    recipient: str
    recipient_hash: str
    content_hash: str
    followable: bool = True


class Claimed(Enum):
    """How a claim came out: ``NOW`` it is the caller's to send, ``BEFORE`` this very submission
    was claimed, ``ALIKE`` another one with the same recipient and content was, lately."""

    NOW = "now"
    BEFORE = "before"
    ALIKE = "alike"


@dataclass(frozen=True, slots=True)
class Send:
    """One row. Ids are "" until they are known."""

    id: int
    key: str
    member: str
    template: str
    language: str
    recipient: str
    followable: bool
    boot: str
    started_at: float
    state: State
    state_at: float
    message_id: str = ""
    wamid: str = ""
    failure: Failure | None = None


class Sends:
    """Every method is one transaction, and raises ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self,
        claim: Claim,
        boot: str,
        now: float,
        alike_since: float | None,
        state: State = State.SENDING,
    ) -> tuple[Claimed, Send]:
        """The send is the caller's, in this ``state``, or the one that stands in its way.

        One that failed stands in nobody's way; nor does one that began at ``alike_since`` or
        before, and none at all where that is None.
        """
        async with self._database.begin() as connection:
            await self._one_at_a_time(connection, claim.recipient_hash)
            before = await _one(connection, sends.c.key == claim.key)
            if before is not None:
                return Claimed.BEFORE, before
            if alike_since is not None:
                alike = await _one(connection, _alike(claim, alike_since))
                if alike is not None:
                    return Claimed.ALIKE, alike
            made = await connection.execute(
                self._database.insert(sends)
                .values(**asdict(claim), boot=boot, started_at=now, state=state, state_at=now)
                .on_conflict_do_nothing(index_elements=[sends.c.key])
                .returning(sends)
            )
            row = made.one_or_none()
            if row is not None:
                return Claimed.NOW, send_of(row)
        other = await self.by_key(claim.key)  # of a moment ago, to another recipient
        assert other is not None  # noqa: S101 - the key was taken, and such rows are not deleted
        return Claimed.BEFORE, other

    async def _one_at_a_time(self, connection: AsyncConnection, name: str) -> None:
        """Two claims for one recipient at the same moment would not see each other. SQLite's
        transactions come one after the other as it is."""
        if not self._database.alone:
            lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
            await connection.execute(lock, {"name": name})

    async def note(
        self,
        send_id: int,
        state: State,
        at: float,
        *,
        message_id: str = "",
        wamid: str = "",
        failure: Failure | None = None,
    ) -> Send:
        """The row with the ids, and with the state unless it has a later one; as it is then."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(sends)
                .where(sends.c.id == send_id)
                .values(
                    message_id=func.coalesce(sends.c.message_id, message_id or None),
                    wamid=func.coalesce(sends.c.wamid, wamid or None),
                )
            )
            await connection.execute(
                update(sends)
                .where(sends.c.id == send_id, sends.c.state.in_(state.earlier))
                .values(state=state, state_at=at, report_due=True, **failure_columns(failure))
            )
            row = (await connection.execute(select(sends).where(sends.c.id == send_id))).one()
        return send_of(row)

    async def leave(self, send_id: int) -> bool:
        """``sending`` from ``preparing``; false where somebody has given it up meanwhile, and then
        its request must not leave."""
        preparing = and_(sends.c.id == send_id, sends.c.state == State.PREPARING)
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(sends).where(preparing).values(state=State.SENDING)
            )
            return done.rowcount == 1

    async def give_up(self, began_by: float, now: float, but: Collection[int]) -> list[Send]:
        """Makes ``unknown`` of what has been ``sending`` since ``began_by`` or before, ``but`` for
        those that are in hand; and ``failed`` of what has been ``preparing``: it never left."""
        outcomes: dict[State, dict[str, Any]] = {
            State.SENDING: {"state": State.UNKNOWN},
            State.PREPARING: {"state": State.FAILED, **failure_columns(NEVER_LEFT)},
        }
        late = and_(sends.c.started_at <= began_by, sends.c.id.not_in(but))
        found: list[Send] = []
        async with self._database.begin() as connection:
            for state, outcome in outcomes.items():
                rows = await connection.execute(
                    update(sends)
                    .where(late, sends.c.state == state)
                    .values(state_at=now, report_due=True, **outcome)
                    .returning(sends)
                )
                found += [send_of(row) for row in rows]
        return found

    async def forget(self, began_by: float, most: int) -> int:
        """Drops what came out and began at ``began_by`` or before, the oldest first; returns how
        many. Who presses for one of them again begins a new send."""
        old = (
            select(sends.c.id)
            .where(sends.c.state.in_(_CAME_OUT), sends.c.started_at <= began_by)
            .order_by(sends.c.started_at)
            .limit(most)
        )
        async with self._database.begin() as connection:
            gone = await connection.execute(delete(sends).where(sends.c.id.in_(old)))
            return gone.rowcount

    async def last_used(self, member: str, among: int) -> tuple[tuple[str, str], ...]:
        """Template and language, the latest first, each once; of the last ``among`` sends."""
        mine = (
            select(sends.c.template, sends.c.language)
            .where(sends.c.member == member)
            .order_by(sends.c.started_at.desc())
            .limit(among)
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(mine)
            return tuple(dict.fromkeys((row.template, row.language) for row in rows))

    async def by_id(self, send_id: int) -> Send | None:
        async with self._database.begin() as connection:
            return await _one(connection, sends.c.id == send_id)

    async def by_key(self, key: str) -> Send | None:
        async with self._database.begin() as connection:
            return await _one(connection, sends.c.key == key)


_ON_THE_WAY = (State.PREPARING, State.SENDING)
_CAME_OUT = tuple(state for state in State if state not in _ON_THE_WAY)


def failure_columns(failure: Failure | None) -> dict[str, Any]:
    return {
        "failure_kind": failure.kind if failure else None,
        "failure_code": failure.code if failure else None,
        "failure_text": failure.text if failure else None,
        "failure_details": failure.details if failure else None,
    }


def failure_of(row: Row[Any]) -> Failure | None:
    if row.failure_kind is None:
        return None
    return Failure(
        row.failure_kind, row.failure_code, row.failure_text or "", row.failure_details or ""
    )


def send_of(row: Row[Any]) -> Send:
    return Send(
        id=row.id,
        key=row.key,
        member=row.member,
        template=row.template,
        language=row.language,
        recipient=row.recipient,
        followable=row.followable,
        boot=row.boot,
        started_at=float(row.started_at),
        state=State(row.state),
        state_at=float(row.state_at),
        message_id=row.message_id or "",
        wamid=row.wamid or "",
        failure=failure_of(row),
    )


def _alike(claim: Claim, since: float) -> ColumnElement[bool]:
    return and_(
        sends.c.recipient_hash == claim.recipient_hash,
        sends.c.content_hash == claim.content_hash,
        sends.c.started_at > since,
        sends.c.state != State.FAILED,
    )


async def _one(connection: AsyncConnection, which: ColumnElement[bool]) -> Send | None:
    """The latest."""
    newest = select(sends).where(which).order_by(sends.c.started_at.desc(), sends.c.id.desc())
    row = (await connection.execute(newest.limit(1))).one_or_none()
    return None if row is None else send_of(row)
