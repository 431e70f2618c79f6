"""Stored rules: their order in a channel, changes, removal."""

from __future__ import annotations

import asyncio

import pytest

from bot.db.engine import Database
from bot.errors import UsageError
from bot.notifications.repository import MAX_RULES_PER_CHANNEL, RuleRepository
from bot.notifications.rule import EventGroup, Filters, Rule, RuleSpec
from tests.people import JOHN, MEI, SALES, SUPPORT

MESSAGES = RuleSpec(events=(EventGroup.MESSAGE,))
FAILURES = RuleSpec(events=(EventGroup.FAILED,), filters=Filters(countries=("IN",)))
CATCH_ALL = RuleSpec(events=(EventGroup.ALL,), is_catch_all=True)


def from_sender(sender: str) -> RuleSpec:
    return RuleSpec(events=(EventGroup.MESSAGE,), filters=Filters(senders=(sender,)))


@pytest.fixture
def rules(database: Database) -> RuleRepository:
    return RuleRepository(database, "T0ACME")


async def add(rules: RuleRepository, *specs: RuleSpec, channel: str = SALES) -> list[Rule]:
    return [await rules.add(channel, JOHN, spec, 1000.0) for spec in specs]


async def list_ids(rules: RuleRepository, channel: str = SALES) -> list[int]:
    found = await rules.list_channel(channel)
    assert [rule.position for rule in found] == list(range(1, len(found) + 1))
    return [rule.id for rule in found]


async def test_catch_all_comes_last_wherever_it_is_added_or_moved(rules: RuleRepository) -> None:
    first, last, second = await add(rules, MESSAGES, CATCH_ALL, FAILURES)
    assert await list_ids(rules) == [first.id, second.id, last.id]
    assert not await rules.move(last.id, -2)
    assert await rules.move(second.id, -1)
    assert await list_ids(rules) == [second.id, first.id, last.id]
    assert not await rules.move(second.id, -1)
    changed = await rules.change(second.id, CATCH_ALL, 2000.0)
    assert changed is not None
    assert changed.spec == CATCH_ALL
    assert (await list_ids(rules))[0] == first.id


async def test_removed_rule_leaves_no_gap(rules: RuleRepository) -> None:
    first, second, third = await add(rules, MESSAGES, FAILURES, CATCH_ALL)
    removed = await rules.remove(second.id)
    assert removed is not None
    assert removed.spec == FAILURES
    assert await rules.remove(second.id) is None
    assert await rules.get(second.id) is None
    assert await rules.change(second.id, MESSAGES, 2000.0) is None
    assert not await rules.move(second.id, 1)
    assert await list_ids(rules) == [first.id, third.id]


async def test_channels_and_workspaces_are_separate(
    rules: RuleRepository, database: Database
) -> None:
    await add(rules, MESSAGES)
    await add(rules, FAILURES, channel=SUPPORT)
    assert [rule.channel for rule in await rules.list_all()] == [SALES, SUPPORT]
    assert await RuleRepository(database, "T0OTHER").list_all() == []


async def test_problem_is_recorded_until_the_rule_changes(rules: RuleRepository) -> None:
    (rule,) = await add(rules, MESSAGES)
    await rules.set_problem(rule.id, "is_archived", 1500.0)
    found = await rules.get(rule.id)
    assert found is not None
    assert (found.problem, found.problem_at) == ("is_archived", 1500.0)
    changed = await rules.change(rule.id, MESSAGES, 2000.0)
    assert changed is not None
    assert changed.problem == ""


async def test_number_of_rules_is_limited(rules: RuleRepository) -> None:
    numbers = range(MAX_RULES_PER_CHANNEL)
    await add(rules, *(from_sender(str(number)) for number in numbers))
    with pytest.raises(UsageError, match="Remove one first"):
        await add(rules, MESSAGES)
    assert (await rules.add(SUPPORT, MEI, MESSAGES, 1000.0)).position == 1


async def test_the_same_rule_saved_twice_simultaneously_is_added_once(
    rules: RuleRepository,
) -> None:
    added = await asyncio.gather(
        *(rules.add(SALES, member, MESSAGES, 1000.0) for member in (JOHN, MEI))
    )
    assert len({rule.id for rule in added}) == 1
    assert await list_ids(rules) == [added[0].id]


async def test_two_catch_alls_saved_simultaneously_are_one(rules: RuleRepository) -> None:
    other = CATCH_ALL.model_copy(update={"events": (EventGroup.FAILED,)})
    saved = await asyncio.gather(
        *(rules.add(SALES, JOHN, spec, 1000.0) for spec in (CATCH_ALL, other)),
        return_exceptions=True,
    )
    [refusal] = [error for error in saved if isinstance(error, UsageError)]
    assert "already takes everything else" in refusal.message
    assert len(await list_ids(rules)) == 1
