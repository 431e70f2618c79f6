"""The front door: the same buttons for ``/chakra``, a mention, a message and an invitation."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.commands.send_scenarios import READING_NUMBER, open_form, submit_form
from tests.people import JOHN, MEI, SUPPORT
from tests.shared_world import shared_world
from tests.world import World

OTHER_NUMBER = "+12025550102"
GITA, GENERAL = "U0GITA", "C0GENERAL"
FOUR = ["Send WhatsApp", "Find someone", "Upload a table", "My sends"]


def list_labels(blocks: Any) -> list[str]:
    """Return the labels of the buttons in actions blocks."""
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    return [button["text"]["text"] for row in rows for button in row]


async def open_door(acme: World, by: str) -> VisibleMessage:
    return await acme.type("/chakra", by=by, channel=SUPPORT)


@shared_world
@pytest.mark.parametrize(
    ("person", "buttons", "sentence"),
    [
        (JOHN, FOUR, "You can look things up, share them, and send or edit in Chakra."),
        (MEI, ["Find someone", "My sends"], "ask an admin of this app for sender access."),
        (GITA, [], "Guests can't use Chakra from Slack. Ask a workspace admin if you need it."),
    ],
)
async def test_everyone_sees_what_they_may_do(
    acme: World, person: str, buttons: list[str], sentence: str
) -> None:
    shown = await open_door(acme, person)
    assert shown.ephemeral
    assert list_labels(shown.blocks) == buttons
    assert sentence in collect_text(shown)
    assert len(shown.blocks or ()) <= 2


@shared_world
async def test_the_buttons_open_their_forms(acme: World) -> None:
    await open_door(acme, JOHN)
    for action, title in (
        ("help.run:send", "Send WhatsApp"),
        ("user.find", "Find someone"),
        ("help.run:bulk", "Upload a table"),
    ):
        await acme.press(action)
        view = acme.slack.list_views(JOHN)[-1]
        assert view["title"]["text"] in (title, "Bulk upload")
        await acme.slack.close_view(JOHN)


@shared_world
async def test_find_someone_shows_the_card_where_the_form_was_opened(acme: World) -> None:
    await open_door(acme, MEI)
    await acme.press("user.find", by=MEI)
    assert await acme.submit({"person": "Zebulon"}, by=MEI) != {}
    assert await acme.submit({"person": "priya@acme.com"}, by=MEI) == {}
    card = acme.find_shown(by=MEI, channel=SUPPORT)
    assert card.ephemeral
    assert "Priya Sharma" in collect_text(card)
    assert acme.slack.list_views(MEI) == []


async def test_the_hello_answers_each_person_after_their_own_check(acme: World) -> None:
    await acme.slack.invite_app(JOHN, GENERAL)
    await acme.wait_until_idle()
    hello = acme.find_shown(by=MEI, channel=GENERAL)
    assert not hello.ephemeral
    assert list_labels(hello.blocks) == [*FOUR, "Choose notifications"]
    refused = await acme.press("help.run:send", by=MEI, channel=GENERAL)
    assert refused.ephemeral
    assert "sender" in collect_text(refused)
    await acme.press("help.run:send", channel=GENERAL)
    assert acme.slack.list_views(JOHN)
    await acme.slack.close_view(JOHN)
    refused = await acme.press("notify.form", by=MEI, channel=GENERAL)
    assert "sender" in collect_text(refused)
    await acme.press("notify.form", channel=GENERAL)
    assert "No rules yet here" in collect_text(acme.slack.find_view(JOHN) or {})


def read_home_text(acme: World, by: str) -> str:
    home = acme.slack.find_home(by)
    assert home is not None
    return collect_text(home)


async def open_home(acme: World, by: str) -> list[Any]:
    await acme.slack.open_home(by)
    await acme.wait_until_idle()
    home = acme.slack.find_home(by)
    assert home is not None
    return list(home["blocks"])


@shared_world
@pytest.mark.parametrize(
    ("person", "buttons"), [(JOHN, FOUR), (MEI, ["Find someone", "My sends"]), (GITA, [])]
)
async def test_home_has_the_same_buttons(acme: World, person: str, buttons: list[str]) -> None:
    home = await open_home(acme, person)
    assert list_labels(home)[: len(buttons)] == buttons
    assert collect_text(await open_door(acme, person)) in read_home_text(acme, person)


async def test_buttons_of_home_answer_in_modals(acme: World) -> None:
    await open_home(acme, JOHN)
    await acme.press("help.run:help")
    assert "What /chakra can do" in collect_text(acme.slack.find_view(JOHN) or {})
    await acme.slack.close_view(JOHN)
    await open_home(acme, JOHN)
    await acme.press("user.find")
    await acme.submit({"person": "priya@acme.com"})
    assert "Priya Sharma" in collect_text(acme.slack.find_view(JOHN) or {})
    assert "Share to channel" not in collect_text(acme.slack.find_view(JOHN) or {})
    acme.chakra.update_user("priya@acme.com", display_name="Priya S.")
    await acme.press("user.refresh")
    [view] = acme.slack.list_views(JOHN)
    assert "+91 99999 99999" in collect_text(view)
    assert acme.slack.list_messages(JOHN, "D0JOHN") == []


async def test_home_lists_the_last_sends_of_the_person(acme: World) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone=READING_NUMBER) == {}
    await open_home(acme, JOHN)
    assert "Your last sends" in read_home_text(acme, JOHN)
    assert "*appointment_reminder* to +1 202-555-0100" in read_home_text(acme, JOHN)
    await acme.press("sends.show")
    assert "a reminder" in collect_text(acme.slack.find_view(JOHN) or {})
    await acme.slack.close_view(JOHN)
    await open_home(acme, JOHN)
    await acme.press("sends.mine")
    assert "*1 send*" in collect_text(acme.slack.find_view(JOHN) or {})
    await open_home(acme, MEI)
    assert "Your last sends" not in read_home_text(acme, MEI)


async def test_open_home_follows_the_sends_of_the_person(acme: World) -> None:
    await open_home(acme, JOHN)
    await open_home(acme, MEI)
    acme.slack.fail("views.publish", error="fatal_error")
    before = len(acme.slack.calls)
    for number in (READING_NUMBER, OTHER_NUMBER):
        await open_form(acme)
        await submit_form(acme, phone=number)
        await acme.clock.advance(5)
        await acme.wait_until_idle()
    published = [call for call in acme.slack.calls[before:] if call.method == "views.publish"]
    assert [call.response["ok"] for call in published] == [False, True]
    assert "Read" in read_home_text(acme, JOHN)
    assert "Your last sends" not in read_home_text(acme, MEI)


@shared_world
async def test_home_opens_while_chakra_is_down(acme: World) -> None:
    acme.chakra.fail("*", StatusResponse(503))
    async with acme.clock.running():
        await acme.slack.open_home(JOHN)
        await acme.slack.wait_until(lambda: acme.slack.find_home(JOHN) is not None)
    assert "Chakra isn't responding right now" in read_home_text(acme, JOHN)
