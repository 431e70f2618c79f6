"""The shared rate limiter: one rate for all replicas."""

from __future__ import annotations

import asyncio

from bot.db.engine import Database
from bot.ratelimit import SharedRateLimiter


async def test_slots_are_an_interval_apart(database: Database) -> None:
    limiter = SharedRateLimiter(database, "looks", 20)
    waits = [await limiter.reserve(1000.0) for _ in range(4)]
    assert [round(wait, 3) for wait in waits] == [0.0, 0.05, 0.1, 0.15]
    assert round(await limiter.reserve(1000.2), 3) == 0.0
    assert round(await limiter.reserve(1100.0), 3) == 0.0


async def test_concurrent_reservations_are_spread(database: Database) -> None:
    limiter = SharedRateLimiter(database, "looks", 20)
    waits = await asyncio.gather(*(limiter.reserve(1000.0) for _ in range(40)))
    assert sorted(round(wait, 3) for wait in waits) == [round(n / 20, 3) for n in range(40)]


async def test_replicas_share_one_rate_limit(database: Database) -> None:
    if database.single_process:
        return  # on SQLite there is one process
    first, second = (
        SharedRateLimiter(database, "looks", 20),
        SharedRateLimiter(database, "looks", 20),
    )
    waits = [await first.reserve(1000.0), await second.reserve(1000.0), await first.reserve(1000.0)]
    assert [round(wait, 3) for wait in waits] == [0.0, 0.05, 0.1]
    assert await SharedRateLimiter(database, "other", 20).reserve(1000.0) == 0.0


async def test_clock_that_was_set_back_does_not_postpone_the_next_slot(database: Database) -> None:
    limiter = SharedRateLimiter(database, "looks", 20)
    await limiter.reserve(90_000.0)
    for hours_back in (24, 1, 0.05):
        now = 90_000.0 - hours_back * 3600
        assert await limiter.reserve(now) == 0.0
        assert round(await limiter.reserve(now), 3) == 0.05
