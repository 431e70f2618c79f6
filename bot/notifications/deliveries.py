"""The deliveries of events to channels: one row each, from the plan until it is posted."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from bot.db.customer_tables import event_log, notification_deliveries
from bot.db.engine import Database
from bot.db.parameters import is_one_of
from bot.db.rows import read_row
from bot.notifications.delivery import (
    EACH,
    GATHERED,
    STORM,
    Delivery,
    DeliveryState,
    DueStream,
    GatheredPost,
)
from bot.notifications.planner import MESSAGE_STREAM, PlannedDelivery

_table = notification_deliveries

INSERT_BATCH_SIZE = 500

_of_workspace = _table.c.workspace == bindparam("workspace")
_WORK = select(
    exists()
    .where(event_log.c.workspace == bindparam("workspace"), event_log.c.pending)
    .label("has_events"),
    exists().where(_of_workspace, _table.c.state == DeliveryState.QUEUED).label("has_queued"),
    select(func.min(_table.c.due_at))
    .where(_of_workspace, _table.c.state == DeliveryState.WAITING)
    .scalar_subquery()
    .label("due_at"),
)
"""Whether there is anything to do, in one statement."""


class Deliveries:
    """Each method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    # --- planning ---------------------------------------------------------------------------------

    async def add(
        self, planned: Sequence[PlannedDelivery], event_ids: Sequence[int], now: float
    ) -> None:
        """Store what the events' channels receive, and that the events are planned."""
        rows = [
            {
                "workspace": self._workspace,
                **asdict(delivery),
                "state": DeliveryState.WAITING,
                "created_at": now,
            }
            for delivery in planned
        ]
        async with self._database.begin() as connection:
            for start in range(0, len(rows), INSERT_BATCH_SIZE):
                await connection.execute(
                    self._database.insert(_table).on_conflict_do_nothing(
                        index_elements=[_table.c.workspace, _table.c.channel, _table.c.event_id]
                    ),
                    rows[start : start + INSERT_BATCH_SIZE],
                )
            await connection.execute(
                update(event_log)
                .where(is_one_of(connection, event_log.c.id, event_ids))
                .values(pending=False)
            )

    # --- what is due ------------------------------------------------------------------------------

    async def compute_seconds_until_work(self, now: float) -> float:
        """Return the seconds until there is anything to plan, to deliver or to follow.

        0 if there is now, ``inf`` if nothing waits.
        """
        async with self._database.begin() as connection:
            found = (await connection.execute(_WORK, {"workspace": self._workspace})).one()
        if found.has_events or found.has_queued:
            return 0.0
        return math.inf if found.due_at is None else max(0.0, found.due_at - now)

    async def count_due(self, now: float) -> dict[str, int]:
        """Return how many due deliveries each channel is waiting for."""
        counts = (
            select(_table.c.channel, func.count())
            .where(self._is(DeliveryState.WAITING), _table.c.due_at <= now)
            .group_by(_table.c.channel)
            .order_by(func.min(_table.c.event_id))
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(counts)
            return {row[0]: row[1] for row in rows}

    async def list_streams(self, channel: str, now: float) -> list[DueStream]:
        """Return due deliveries without a message, except customers' messages."""
        streams = (
            select(
                _table.c.rule_id,
                _table.c.stream,
                func.count().label("count"),
                func.min(_table.c.event_id).label("first_event_id"),
            )
            .where(self._is_free(channel, now), _table.c.stream != MESSAGE_STREAM)
            .group_by(_table.c.rule_id, _table.c.stream)
            .order_by(func.min(_table.c.event_id))
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(streams)
            return [read_row(DueStream, row) for row in rows]

    async def list_messages(
        self, channel: str, now: float, limit: int, excluded_rules: Collection[int] = ()
    ) -> list[Delivery]:
        """Return due deliveries of customers' messages, in the order of the events."""
        return await self._fetch(
            select(_table)
            .where(
                self._is_free(channel, now),
                _table.c.stream == MESSAGE_STREAM,
                _table.c.rule_id.not_in(excluded_rules),
            )
            .order_by(_table.c.event_id)
            .limit(limit)
        )

    async def list_assigned(
        self, channel: str, now: float, post_key: str, limit: int
    ) -> list[Delivery]:
        """Return due deliveries of this message that the outbox doesn't have yet."""
        return await self._fetch(
            select(_table)
            .where(
                self._is(DeliveryState.WAITING),
                _table.c.channel == channel,
                _table.c.due_at <= now,
                _table.c.post_key == post_key,
            )
            .order_by(_table.c.event_id)
            .limit(limit)
        )

    async def list_gathered(self, channel: str, now: float) -> list[GatheredPost]:
        """Return the due messages of several events, with the deliveries they don't show yet."""
        posts = (
            select(
                _table.c.post_key,
                func.min(_table.c.rule_id).label("rule_id"),
                func.max(_table.c.event_id).label("last_event_id"),
                func.min(_table.c.stream).label("stream"),
            )
            .where(
                self._is(DeliveryState.WAITING),
                _table.c.channel == channel,
                _table.c.due_at <= now,
                _table.c.post_key.not_in(("", EACH)),
            )
            .group_by(_table.c.post_key)
            .order_by(func.min(_table.c.event_id))
        )
        async with self._database.begin() as connection:
            return [read_row(GatheredPost, row) for row in await connection.execute(posts)]

    async def compute_seconds_until_due(self, now: float) -> float | None:
        """Return the seconds until the next delivery is due; None if none waits."""
        first = select(func.min(_table.c.due_at)).where(
            self._is(DeliveryState.WAITING), _table.c.due_at > now
        )
        async with self._database.begin() as connection:
            due_at = (await connection.execute(first)).scalar_one()
        return None if due_at is None else max(0.0, due_at - now)

    async def count_waiting(self) -> int:
        """Return how many deliveries are not posted yet."""
        waiting = or_(self._is(DeliveryState.WAITING), self._is(DeliveryState.QUEUED))
        async with self._database.begin() as connection:
            counted = await connection.execute(select(func.count()).where(waiting))
            return int(counted.scalar_one())

    # --- bursts -----------------------------------------------------------------------------------

    async def count_since(self, channel: str, rule_id: int, stream: str, since: float) -> int:
        """Return how many events of a stream were shown in separate messages since then."""
        shown = select(func.count()).where(
            self._match_stream(channel, rule_id, stream),
            _table.c.post_key != "",
            _table.c.created_at > since,
            ~_table.c.post_key.startswith(f"{STORM}:"),
        )
        async with self._database.begin() as connection:
            return int((await connection.execute(shown)).scalar_one())

    async def find_storm(self, channel: str, rule_id: int, stream: str, since: float) -> str:
        """Return the key of the message that has counted a burst since then; "" if none has."""
        last = (
            select(_table.c.post_key)
            .where(
                self._match_stream(channel, rule_id, stream),
                _table.c.created_at > since,
                _table.c.post_key.startswith(f"{STORM}:"),
            )
            .order_by(_table.c.event_id.desc())
            .limit(1)
        )
        async with self._database.begin() as connection:
            return (await connection.execute(last)).scalar_one_or_none() or ""

    async def list_shown(
        self, post_key: str, *, after: int = 0, skip: int = 0, limit: int
    ) -> list[Delivery]:
        """Return the deliveries that a message shows, in the order of their events."""
        shown = select(_table).where(
            _table.c.workspace == self._workspace,
            _table.c.post_key == post_key,
            _table.c.event_id > after,
        )
        return await self._fetch(shown.order_by(_table.c.event_id).offset(skip).limit(limit))

    async def list_of_events(self, event_ids: Collection[int]) -> list[Delivery]:
        """Return the deliveries of these events to all channels."""
        return await self._fetch(
            select(_table)
            .where(_table.c.workspace == self._workspace, _table.c.event_id.in_(event_ids))
            .order_by(_table.c.event_id, _table.c.channel)
        )

    async def count_of_rule(self, rule_id: int, start: float, end: float) -> int:
        """Return how many events of this period were shown in a rule's channel."""
        shown = select(func.count()).where(
            _table.c.workspace == self._workspace,
            _table.c.rule_id == rule_id,
            _table.c.stream != MESSAGE_STREAM,
            _table.c.post_key != "",
            _table.c.created_at >= start,
            _table.c.created_at < end,
        )
        async with self._database.begin() as connection:
            return int((await connection.execute(shown)).scalar_one())

    async def count_shown(self, post_key: str) -> int:
        """Return how many events a message shows."""
        shown = select(func.count()).where(
            _table.c.workspace == self._workspace, _table.c.post_key == post_key
        )
        async with self._database.begin() as connection:
            return int((await connection.execute(shown)).scalar_one())

    # --- progress ---------------------------------------------------------------------------------

    async def assign(self, ids: Sequence[int], post_key: str) -> None:
        """Decide which message shows these deliveries, unless that was decided before."""
        free = and_(_table.c.id.in_(ids), self._is(DeliveryState.WAITING), _table.c.post_key == "")
        await self._update(free, post_key=post_key)

    async def assign_stream(
        self, channel: str, stream: DueStream, post_key: str, now: float, limit: int = 0
    ) -> None:
        """Decide which message shows a stream's due deliveries: the first ``limit``, 0 for all."""
        chosen = and_(
            self._is_free(channel, now),
            _table.c.rule_id == stream.rule_id,
            _table.c.stream == stream.stream,
        )
        if limit:
            first = select(_table.c.id).where(chosen).order_by(_table.c.event_id).limit(limit)
            chosen = _table.c.id.in_(first)
        await self._update(chosen, post_key=post_key)

    async def mark_queued(self, ids: Sequence[int], post_key: str) -> None:
        """Record that the outbox has the message."""
        await self._update(
            and_(_table.c.id.in_(ids), self._is(DeliveryState.WAITING)),
            state=DeliveryState.QUEUED,
            post_key=post_key,
        )

    async def mark_gathered(self, post: GatheredPost) -> None:
        """Record that the outbox has the message with its events so far."""
        await self._update(
            and_(
                self._is(DeliveryState.WAITING),
                _table.c.post_key == post.post_key,
                _table.c.event_id <= post.last_event_id,
            ),
            state=DeliveryState.QUEUED,
        )

    async def close(
        self, ids: Sequence[int], now: float, state: DeliveryState = DeliveryState.DONE
    ) -> None:
        """Record that nothing remains to be posted."""
        await self._update(_table.c.id.in_(ids), state=state, done_at=now)

    async def cancel_removed(self, channel: str, rule_ids: Collection[int], now: float) -> None:
        """Cancel the pending deliveries of rules that no longer exist."""
        await self._update(
            and_(
                self._is(DeliveryState.WAITING),
                _table.c.channel == channel,
                _table.c.rule_id.not_in(rule_ids),
            ),
            state=DeliveryState.CANCELED,
            done_at=now,
        )

    async def list_queued(self) -> dict[str, str]:
        """Return the keys of messages that the outbox has, each with its channel."""
        queued = select(_table.c.post_key, _table.c.channel).where(self._is(DeliveryState.QUEUED))
        async with self._database.begin() as connection:
            rows = await connection.execute(queued.distinct())
            return {row.post_key: row.channel for row in rows}

    async def mark_posted(self, post_keys: Sequence[str], now: float) -> None:
        """Record that these messages are posted."""
        await self._update(
            and_(_table.c.post_key.in_(post_keys), self._is(DeliveryState.QUEUED)),
            state=DeliveryState.DONE,
            done_at=now,
        )

    async def requeue(self, post_keys: Sequence[str]) -> None:
        """Allow these messages to be handed to the outbox again."""
        queued = and_(_table.c.post_key.in_(post_keys), self._is(DeliveryState.QUEUED))
        gathered = or_(*(_table.c.post_key.startswith(f"{prefix}:") for prefix in GATHERED))
        await self._update(and_(queued, ~gathered), state=DeliveryState.WAITING, post_key=EACH)
        await self._update(and_(queued, gathered), state=DeliveryState.WAITING)

    async def purge(self, done_cutoff: float, cutoff: float, limit: int) -> int:
        """Delete deliveries done by ``done_cutoff`` or planned by ``cutoff``; return how many."""
        old = (
            select(_table.c.id)
            .where(
                _table.c.workspace == self._workspace,
                or_(
                    and_(_table.c.done_at > 0, _table.c.done_at <= done_cutoff),
                    _table.c.created_at <= cutoff,
                ),
            )
            .limit(limit)
        )
        async with self._database.begin() as connection:
            return (await connection.execute(delete(_table).where(_table.c.id.in_(old)))).rowcount

    # --- internal ---------------------------------------------------------------------------------

    def _is(self, state: DeliveryState) -> ColumnElement[bool]:
        return and_(_table.c.workspace == self._workspace, _table.c.state == state)

    def _is_free(self, channel: str, now: float) -> ColumnElement[bool]:
        return and_(
            self._is(DeliveryState.WAITING),
            _table.c.channel == channel,
            _table.c.due_at <= now,
            _table.c.post_key == "",
        )

    def _match_stream(self, channel: str, rule_id: int, stream: str) -> ColumnElement[bool]:
        return and_(
            _table.c.workspace == self._workspace,
            _table.c.channel == channel,
            _table.c.rule_id == rule_id,
            _table.c.stream == stream,
        )

    async def _fetch(self, query: Any) -> list[Delivery]:
        async with self._database.begin() as connection:
            rows = await connection.execute(query)
            return [read_row(Delivery, row) for row in rows]

    async def _update(self, condition: ColumnElement[bool], **values: Any) -> None:
        changes: Mapping[str, Any] = values
        async with self._database.begin() as connection:
            await connection.execute(update(_table).where(condition).values(**changes))
