"""Turns come at one rate, whoever takes them."""

from __future__ import annotations

import asyncio

from bot.db.engine import Database
from bot.db.rate_limits import Turns


async def test_turns_are_a_gap_apart(database: Database) -> None:
    turns = Turns(database, "looks", 20)
    waits = [await turns.take(1000.0) for _ in range(4)]
    assert [round(one, 3) for one in waits] == [0.0, 0.05, 0.1, 0.15]
    assert round(await turns.take(1000.2), 3) == 0.0
    assert round(await turns.take(1100.0), 3) == 0.0


async def test_all_who_ask_at_once_are_spread(database: Database) -> None:
    turns = Turns(database, "looks", 20)
    waits = await asyncio.gather(*(turns.take(1000.0) for _ in range(40)))
    assert sorted(round(one, 3) for one in waits) == [round(n / 20, 3) for n in range(40)]


async def test_two_replicas_share_one_rate(database: Database) -> None:
    if database.single_process:
        return  # on SQLite there is one process
    one, other = Turns(database, "looks", 20), Turns(database, "looks", 20)
    waits = [await one.take(1000.0), await other.take(1000.0), await one.take(1000.0)]
    assert [round(wait, 3) for wait in waits] == [0.0, 0.05, 0.1]
    assert await Turns(database, "other", 20).take(1000.0) == 0.0
