"""Opt-outs: noted from events, lifted by people, asked for before sends."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from sqlalchemy import text as sql

from bot.customers.opt_out import OptOut, OptOutScope, OptOutSource, describe_opt_out
from bot.customers.opt_out_words import Intent
from bot.customers.opt_outs import read_intent
from bot.db.engine import Database
from bot.errors import NotFound, RecipientOptedOut, UsageError
from bot.webhooks.events import MessageEvent
from tests.clock import ManualClock
from tests.customers.opt_out_harness import (
    NOW,
    OptOutWorld,
    build_failed,
    build_preference,
    build_text,
    merge,
    open_opt_outs,
)

DAY = 86_400.0


@pytest.fixture
async def world(database: Database, clock: ManualClock) -> OptOutWorld:
    return await open_opt_outs(database, clock)


# --- noted from events ---------------------------------------------------------------------------


async def test_sources_and_scopes(world: OptOutWorld) -> None:
    await world.record(build_text("STOP"), customer=1)
    await world.record(build_preference("stop"), customer=2)
    await world.record(build_failed(131050), customer=3)
    assert await world.list_held(1) == ["typed all"]
    assert await world.list_held(2) == ["preference marketing"]
    assert await world.list_held(3) == ["failure marketing"]


@pytest.mark.parametrize("event", [build_text("hello"), build_text("cancel"), build_failed(131026)])
async def test_other_events_note_nothing(world: OptOutWorld, event: MessageEvent) -> None:
    await world.record(event)
    assert await world.list_held() == []


async def test_the_same_stop_twice_is_one_opt_out(world: OptOutWorld) -> None:
    await world.record(build_text("stop"), build_text("STOP!!", NOW + 5))
    await world.record(
        build_text("unsubscribe", NOW + 9), build_failed(131050), build_failed(131050)
    )
    assert await world.list_held() == ["typed all", "failure marketing"]
    assert (await world.opt_outs.find(1))[0].noted_at == NOW


async def test_event_about_no_customer_and_from_the_future(world: OptOutWorld) -> None:
    await world.record(build_text("stop"), customer=0)
    await world.record(build_text("stop", NOW + 10 * DAY), customer=2)
    assert [each.noted_at for each in await world.opt_outs.find(2)] == [NOW]
    assert len(await world.opt_outs.list_all()) == 1


async def test_start_lifts_what_was_typed_only(world: OptOutWorld) -> None:
    await world.record(build_text("stop"), build_failed(131050), build_preference("stop"))
    await world.record(build_text("start", NOW + 60))
    assert sorted(await world.list_held()) == ["failure marketing", "preference marketing"]
    await world.record(build_preference("resume", NOW + 90))
    assert await world.list_held() == []
    await world.record(build_text("stop", NOW - 1))
    assert await world.list_held() == []  # from before the start
    assert len(await world.opt_outs.list_all(lifted=True)) == 3


async def test_a_new_stop_after_a_start_holds(world: OptOutWorld) -> None:
    await world.record(
        build_text("stop", NOW - 50), build_text("start", NOW - 40), build_text("stop", NOW - 30)
    )
    assert await world.list_held() == ["typed all"]


async def test_a_stop_that_arrives_after_a_later_start_blocks_nothing(world: OptOutWorld) -> None:
    await world.record(build_text("start", NOW - 10), build_preference("resume", NOW - 10))
    await world.record(build_text("stop", NOW - 20), build_preference("stop", NOW - 20))
    await world.record(build_failed(131050, NOW - 30))
    assert await world.list_held() == []
    assert len(await world.opt_outs.list_all(lifted=True)) == 3
    await world.record(build_text("stop", NOW - 5))
    assert await world.list_held() == ["typed all"]


async def test_a_start_from_before_the_stop_lifts_nothing(world: OptOutWorld) -> None:
    await world.record(build_text("stop", NOW - 10))
    await world.record(build_text("start", NOW - 20))
    assert await world.list_held() == ["typed all"]


async def test_a_late_stop_holds_though_a_member_lifted_one(world: OptOutWorld) -> None:
    await world.record(build_text("stop", NOW - 10))
    [first] = await world.opt_outs.find(1)
    await world.opt_outs.lift(first.id, member="U1", reason="by phone")
    await world.record(build_text("stop", NOW - 5))
    assert await world.list_held() == ["typed all"]


async def test_opt_outs_follow_customers_who_turn_out_to_be_one(world: OptOutWorld) -> None:
    await world.record(build_text("stop"), customer=1)
    await merge(world.database, 1, into=2)
    await merge(world.database, 2, into=3)
    for customer in (1, 2, 3):
        assert await world.list_held(customer) == ["typed all"]
    await world.record(build_text("stop", NOW + 1), customer=3)
    assert len(await world.opt_outs.list_all()) == 1
    await world.record(build_text("start", NOW + 2), customer=3)
    assert await world.list_held(1) == []


# --- the message ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "raw", "intent"),
    [
        ("button", {"button": {"text": "Stop promotions", "payload": "x"}}, Intent.STOP_MARKETING),
        ("button", {"button": {"text": "No thanks", "payload": "STOP"}}, Intent.STOP),
        ("interactive", {"interactive": {"button_reply": {"id": "1", "title": "Unsubscribe"}}},
         Intent.STOP),
        ("interactive", {"interactive": {"list_reply": {"id": "stop", "title": "Leave"}}},
         Intent.STOP),
        ("edit", {"edit": {"message": {"type": "text", "text": {"body": "stop"}}}}, Intent.STOP),
        ("text", {"text": {"body": "stop"}, "group_id": "G1"}, None),
        ("text", {"text": "stop"}, None),
        ("text", {}, None),
        ("image", {"image": {"caption": "the bus stop"}}, None),
        ("reaction", {"reaction": {"emoji": "👎"}}, None),
    ],
)  # fmt: skip
def test_what_counts_as_the_customers_words(
    kind: str, raw: dict[str, object], intent: Intent | None
) -> None:
    assert read_intent(MessageEvent(kind=kind, wamid="w", raw=raw))[0] is intent


def test_an_echo_is_not_the_customers() -> None:
    assert read_intent(replace(build_text("stop"), is_echo=True)) == (None, "")


# --- before sends --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "category", "blocked"),
    [
        (OptOutScope.ALL, "MARKETING", True),
        (OptOutScope.ALL, "UTILITY", True),
        (OptOutScope.ALL, "", True),
        (OptOutScope.ALL, "AUTHENTICATION", False),
        (OptOutScope.MARKETING, "MARKETING", True),
        (OptOutScope.MARKETING, "marketing", True),
        (OptOutScope.MARKETING, "UTILITY", False),
        (OptOutScope.MARKETING, "AUTHENTICATION", False),
    ],
)
def test_templates_that_are_blocked(scope: OptOutScope, category: str, blocked: bool) -> None:
    opt_out = OptOut(1, 1, OptOutSource.TYPED, scope, NOW)
    assert opt_out.blocks_template(category) is blocked
    assert not replace(opt_out, lifted_at=NOW + 1).blocks_template(category)


async def test_the_error_names_who_when_and_how(world: OptOutWorld) -> None:
    await world.record(build_text("Stop!"))
    with pytest.raises(RecipientOptedOut) as blocked:
        await world.opt_outs.check_template("919999900001", "UTILITY")
    assert blocked.value.message == (
        "Mei Tanaka asked for no more messages on 15 Jan 2027 (typed “Stop!”). "
        "Nothing is sent to them. To lift it with a reason: `/chakra optouts`."
    )
    with pytest.raises(RecipientOptedOut) as stored:
        await world.opt_outs.check_template("919999900001", "UTILITY", is_stored=True)
    assert stored.value.message.startswith("This person asked for no more messages on 15 Jan 2027.")
    await world.opt_outs.check_template("919999900001", "AUTHENTICATION")
    await world.opt_outs.check_template("919999900002", "UTILITY")
    await world.opt_outs.check_template("", "UTILITY")


async def test_a_reply_is_sent_only_to_someone_who_wrote_since(world: OptOutWorld) -> None:
    await world.record(build_text("stop"))
    with pytest.raises(RecipientOptedOut):
        await world.opt_outs.check_reply(1, NOW)
    await world.opt_outs.check_reply(1, NOW + 1)
    await world.record(build_failed(131050), customer=2)
    await world.opt_outs.check_reply(2, 0.0)


# --- people --------------------------------------------------------------------------------------


async def test_lifting_takes_a_reason_and_happens_once(world: OptOutWorld) -> None:
    await world.record(build_text("stop"))
    [opt_out] = await world.opt_outs.find(1)
    with pytest.raises(UsageError):
        await world.opt_outs.lift(opt_out.id, member="U1", reason="  ")
    assert await world.opt_outs.lift(opt_out.id, member="U1", reason=" asked by phone ")
    assert not await world.opt_outs.lift(opt_out.id, member="U2", reason="again")
    [(lifted, customer)] = await world.opt_outs.list_all(lifted=True)
    assert (lifted.lifted_by, lifted.lift_reason) == ("U1", "asked by phone")
    assert customer.name == "Mei Tanaka"
    with pytest.raises(NotFound):
        await world.opt_outs.get(99)


async def test_adding_one_by_hand(world: OptOutWorld) -> None:
    added, is_new = await world.opt_outs.add("4915112345678", member="U1", reason="letter")
    again, is_new_again = await world.opt_outs.add("4915112345678", member="U2", reason="x")
    assert (is_new, is_new_again, again) == (True, False, added)
    assert describe_opt_out(replace(added, noted_at=NOW), "Kim") == (
        "Kim was added to your opt-outs on 15 Jan 2027 (letter)."
    )


async def test_nothing_of_the_customer_is_stored_in_the_clear(world: OptOutWorld) -> None:
    await world.record(build_text("please unsubscribe me"))
    [opt_out] = await world.opt_outs.find(1)
    await world.opt_outs.lift(opt_out.id, member="U1", reason="Mei called")
    async with world.database.begin() as connection:
        [row] = (await connection.execute(sql("select note, lift_reason from opt_outs"))).all()
    assert b"unsubscribe" not in bytes(row.note)
    assert "Mei" not in row.lift_reason


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_a_stop_that_was_the_last_word_is_never_lost(
    sqlite: Database, clock: ManualClock, order: tuple[int, ...]
) -> None:
    """Whatever the order of arrival."""
    life = [
        build_text("stop", NOW - 50),
        build_text("start", NOW - 40),
        build_text("stop", NOW - 30),
        build_failed(131026),
    ]
    world = await open_opt_outs(sqlite, clock)
    for index in order:
        await world.record(life[index])
    assert "typed all" in await world.list_held()
