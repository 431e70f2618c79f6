"""What people say in other words than those of a command, through the front door."""

from __future__ import annotations

import pytest

from bot.sandbox.slack import collect_text
from tests.people import JOHN
from tests.shared_world import shared_world
from tests.world import World

pytestmark = shared_world


async def read(acme: World, line: str) -> str:
    return collect_text(await acme.type(f"/chakra {line}"))


async def read_form(acme: World, line: str) -> str:
    await acme.type(f"/chakra {line}")
    view = acme.slack.find_view(JOHN)
    assert view is not None, line
    await acme.slack.close_view(JOHN)
    return collect_text(view)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("users not active", "not active"),
        ("all agents except support", "except support"),
        ("templates not approved", "not approved"),
        ("templates except marketing", "except marketing"),
        ("sends not failed", "not failed"),
        ("optouts not typed", "not typed"),
    ],
)
async def test_a_list_never_shows_what_is_to_be_left_out(
    acme: World, line: str, words: str
) -> None:
    """``users not active`` showed the active ones, with the "not" dropped."""
    shown = await read(acme, line)
    assert f"\"{words}\" isn't understood: this list can't leave anything out." in shown


async def test_words_of_a_list_may_still_begin_with_not(acme: World) -> None:
    assert "not read yet" in await read(acme, "sends not read")


async def test_dates_that_chakra_cannot_be_asked_for_are_not_those_of_creation(
    acme: World,
) -> None:
    for line in ("leads due today", "overdue leads", "my leads updated this week"):
        assert "only the day it was created can be asked for" in await read(acme, line)
    assert "Created" in await read(acme, "leads created today")


async def test_the_number_of_a_key_is_enough(acme: World) -> None:
    for line in ("lead 4038", "lead #4038", "lead number 4038", "LEAD 004038", "lead-4038"):
        assert "Lead LEAD-004038" in await read(acme, line)
    assert "Can't find lead *LEAD-999999*" in await read(acme, "lead 999999")


async def test_a_line_that_is_not_understood_is_asked_about_by_what_is_in_it(acme: World) -> None:
    assert "/chakra user priya" in await read(acme, "is priya available")
    assert "/chakra user priya" in await read(acme, "who reports to priya")
    assert "/chakra process show LEAD-004038" in await read(acme, "LEAD-004038 history")
    assert "/chakra process show LEAD-004038" in await read(acme, "who owns LEAD-004038")
    assert "/chakra send order_update aarav" in await read(acme, "order_update to aarav")
    assert "/chakra send" not in await read(acme, "don't send order_update to aarav")


async def test_a_wish_with_a_time_is_a_task(acme: World) -> None:
    form = await read_form(acme, "remind me tomorrow at 10 to call aarav")
    assert "New task" in form
    assert "LEAD-004038" in form
    form = await read_form(acme, "schedule a call with aarav tomorrow 3pm")
    assert "New task" in form
    assert "LEAD-004038" in form


async def test_what_a_change_is_to_make_is_not_part_of_the_list(acme: World) -> None:
    """``change all leads in pune to state converted`` listed the converted ones."""
    shown = await read(acme, "update all leads in pune to state converted")
    assert "Type only which records to change" in shown
    assert "/chakra bulk change leads in pune" in shown


async def test_an_opt_out_is_of_one_number_and_a_name_is_no_reason(acme: World) -> None:
    shown = await read(acme, "optouts add +91 98765 43210, +91 98111 22333 asked on the phone")
    assert "more than one number" in shown
    form = await read_form(acme, "stop messaging aarav")
    assert "This is *Aarav Mehta*" in form
    assert "+91 98765 43210" in form
    assert "Can't find *nosuchperson*" in await read_form(acme, "optouts add nosuchperson")
    assert "No opt-out" in await read(acme, "optouts +91 98765 43210")


async def test_more_than_the_customer_of_a_chat_is_named(acme: World) -> None:
    shown = await read(acme, 'chat aarav "sure, tomorrow works"')
    assert "43210" in shown
    assert 'Not used: "sure, tomorrow works"' in shown
    assert 'Not used: "unread"' in await read(acme, "chat list unread")


async def test_a_rule_is_not_chosen_by_a_number_of_hours(acme: World) -> None:
    assert "There's no rule" not in await read(acme, "notify mute for 2 hours")


async def test_emoji_alone_are_small_talk(acme: World) -> None:
    for line in ("😀😀", "🙏", "ok thanks a ton", "good afternoon team"):
        assert "Find someone" in await read(acme, line)


async def test_capitals_make_an_article_part_of_a_business(acme: World) -> None:
    form = acme.slack.find_view
    await acme.type("/chakra lead New York Bakery - +1 212 555 0123 - queens")
    view = form(JOHN)
    assert view is not None
    await acme.slack.close_view(JOHN)
    values = {block["block_id"]: block["element"].get("initial_value")
              for block in view["blocks"] if block["type"] == "input"}  # fmt: skip
    assert values["field_name"] == "New York Bakery"
    assert values["field_phone_number"] == "+1 212 555 0123"
    assert 'This is left out: "queens"' in collect_text(view)
