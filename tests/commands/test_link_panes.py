"""Stories of the pane that a person opens beside the preview of a link, and alone reads."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlencode

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.sandbox.chakra.faults import Hang, StatusResponse
from bot.sandbox.slack import collect_text
from tests.commands.link_scenarios import (
    FETCH,
    LINK,
    index_fields,
    list_actions,
    list_titles,
    open_pane,
    open_slowly,
    post,
)
from tests.people import JOHN, MEI, PRIYA, SALES, SUPPORT
from tests.shared_world import shared_world
from tests.world import World


@shared_world
async def test_sender_sees_whole_numbers_and_the_buttons_in_the_pane(acme: World) -> None:
    pane = await open_pane(acme, await post(acme, LINK))
    assert pane["entity"]["entity_payload"]["attributes"]["title"]["text"] == "Aarav Mehta"
    assert index_fields(pane)["Score"] == "72"
    assert "+91 98765 43210" in json.dumps(pane)
    assert list_actions(pane) == [
        "Send WhatsApp", "Edit", "State…", "Assign to me", "Assign…", "Task…", "Delete…",
    ]  # fmt: skip
    assert acme.slack.rejections == []


@shared_world
async def test_member_sees_the_details_without_buttons_that_change(acme: World) -> None:
    pane = await open_pane(acme, await post(acme, LINK), MEI)
    assert index_fields(pane)["City"] == "Pune"
    assert list_actions(pane) == []


@shared_world
@pytest.mark.parametrize(
    ("person", "channel", "sentence"),
    [
        ("U0GITA", SUPPORT, "Guests can't use Chakra from Slack."),
        ("U0ARJUN", SUPPORT, "Guests can't use Chakra from Slack."),
        ("U0SAM", "C0PARTNERS", "People from other workspaces can't use Chakra from Slack."),
    ],
)
async def test_guests_and_strangers_are_refused(
    acme: World, person: str, channel: str, sentence: str
) -> None:
    pane = await open_pane(acme, await post(acme, LINK, channel=channel), person)
    assert pane["entity"] is None
    assert pane["error"]["status"] == "restricted"
    assert sentence in pane["error"]["custom_message"]
    assert "Aarav" not in json.dumps(pane)
    assert not [r for r in acme.chakra.requests if "process" in r.path]


@shared_world
@pytest.mark.parametrize("path", ["lead/LEAD-999999", "lead/LEAD-004048", "lead/LEAD%2F1",
                                  "lead/9c1dd4b7-29bc-4f21-8d2f-9f6f3fd0f4a1"])  # fmt: skip
async def test_record_that_chakra_does_not_have_is_not_found(acme: World, path: str) -> None:
    pane = await open_pane(acme, await post(acme, f"https://app.chakrahq.com/{path}"))
    assert pane["entity"] is None
    assert pane["error"]["status"] == "not_found"
    assert "Can't find lead" in pane["error"]["custom_message"]


async def test_outage_is_explained_in_the_pane(acme: World) -> None:
    message = await post(acme, LINK)
    acme.chakra.fail(FETCH, StatusResponse(403), times=9)
    pane = await open_pane(acme, message)
    assert pane["error"]["status"] == "internal_error"
    assert "Chakra doesn't let this app do that." in pane["error"]["custom_message"]


@shared_world
async def test_slow_chakra_is_explained_before_slack_gives_up(acme: World) -> None:
    message = await post(acme, LINK)
    acme.chakra.fail(FETCH, Hang(), times=1)
    started = acme.clock.time()
    pane = await open_slowly(acme, message)
    assert acme.clock.time() - started < 3
    assert pane["error"]["status"] == "timeout"
    assert "Refresh this pane" in pane["error"]["custom_message"]
    acme.chakra.release_hanging()
    await acme.slack.previews.open(JOHN, message.id, refresh=True)
    await acme.wait_until_idle()
    assert index_fields(acme.slack.previews.find_pane(JOHN) or {})["City"] == "Pune"
    assert acme.slack.rejections == []


@shared_world
async def test_slack_that_cannot_say_who_asks_shows_nothing(acme: World) -> None:
    message = await post(acme, LINK)
    acme.slack.hang("users.info")
    pane = await open_slowly(acme, message, "U0OMAR")
    acme.slack.release()
    assert pane["error"]["status"] == "timeout"
    assert "couldn't load this in time" in pane["error"]["custom_message"]


@shared_world
async def test_pane_opened_from_a_search_finds_the_record_by_its_address(acme: World) -> None:
    await acme.slack.previews.open_from_search(JOHN, f"{LINK}?tab=chat")
    await acme.wait_until_idle()
    pane = acme.slack.previews.find_pane(JOHN)
    assert pane
    assert index_fields(pane)["Score"] == "72"


@shared_world
async def test_late_event_about_a_pane_does_nothing(acme: World) -> None:
    message = await post(acme, LINK)
    acme.slack.hold_events()
    await acme.slack.previews.open(JOHN, message.id)
    await acme.clock.advance(900)
    await acme.slack.release_events()
    await acme.wait_until_idle()
    assert not [call for call in acme.slack.calls if call.method == "entity.presentDetails"]


@shared_world
async def test_text_of_customers_is_shown_as_it_is(acme: World) -> None:
    pane = await open_pane(acme, await post(acme, LINK.replace("4038", "4047")))
    assert pane["entity"]["entity_payload"]["attributes"]["title"]["text"] == (
        "Ana <!channel> & Sons"
    )


# --- the pane's buttons --------------------------------------------------------------------------


async def press_in_pane(world: World, action: str, by: str = JOHN) -> None:
    await world.slack.previews.press_in_pane(by, action)
    await world.wait_until_idle()


async def test_assigning_in_the_pane_shows_the_new_state_there(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK.replace("4038", "4039")))
    await press_in_pane(acme, "process.take")
    pane = acme.slack.previews.find_pane(JOHN)
    assert pane
    assert index_fields(pane)["Assigned to"] == "John Doe"
    assert acme.slack.find_view(JOHN) is None


async def test_assigning_again_after_a_colleague_took_it_asks_first(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK.replace("4038", "4039")))
    await press_in_pane(acme, "process.take")
    assert acme.chakra.records.find("LEAD-004039")["assignedTo"] == "johndoe"
    acme.chakra.records.assign("LEAD-004039", "mei")
    await press_in_pane(acme, "process.take")
    pane = acme.slack.previews.find_pane(JOHN)
    assert pane
    assert index_fields(pane)["Assigned to"] == "Mei Tanaka"
    await press_in_pane(acme, "process.take")
    assert acme.chakra.records.find("LEAD-004039")["assignedTo"] == "johndoe"


async def test_edit_in_the_pane_opens_the_form_and_answers_in_the_dm(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK))
    await press_in_pane(acme, "process.edit")
    assert not await acme.submit({"field_score": "80"})
    await acme.submit({})
    assert acme.chakra.records.find("LEAD-004038")["data"]["score"] == 80
    assert "80" in collect_text(acme.find_shown(channel="D0JOHN"))


@shared_world
async def test_photo_of_the_record_is_shown_to_the_one_who_presses(acme: World) -> None:
    pane = await open_pane(acme, await post(acme, LINK.replace("4038", "4039")), MEI)
    [label] = list_actions(pane)
    assert label.startswith("Show ")
    await press_in_pane(acme, "photo.show:1", MEI)
    shown = acme.slack.find_view(MEI) or {}
    assert shown or acme.slack.list_messages(MEI, "D0MEI")


@shared_world
async def test_send_in_the_pane_opens_the_form_with_the_record(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK))
    await press_in_pane(acme, "process.send")
    assert "lead LEAD-004038" in json.dumps(acme.slack.find_view(JOHN))


@shared_world
async def test_failed_press_in_the_pane_is_explained_to_the_one_who_pressed(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK))
    acme.chakra.fail(FETCH, StatusResponse(403), times=9)
    await press_in_pane(acme, "process.edit")
    assert "Chakra doesn't let this app do that." in collect_text(acme.slack.find_view(JOHN) or {})


async def test_person_who_lost_the_right_is_refused_at_the_press(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK), PRIYA)
    acme.slack.workspace.change_member_kind(PRIYA, "member")
    await acme.clock.advance(60)
    await press_in_pane(acme, "process.take", PRIYA)
    assert "Ask an admin of this app" in collect_text(acme.slack.find_view(PRIYA) or {})
    assert acme.chakra.records.find("LEAD-004038")["assignedTo"] == "johndoe"


@shared_world
async def test_button_of_the_preview_answers_only_the_one_who_pressed(acme: World) -> None:
    message = await post(acme, LINK, channel=SUPPORT)
    await acme.slack.previews.press("U0GITA", "process.show", message.id)
    await acme.wait_until_idle()
    refused = acme.find_shown(by="U0GITA", channel=SUPPORT)
    assert refused.ephemeral
    assert "Guests can't use Chakra" in collect_text(refused)
    assert list_titles(
        next(m for m in acme.slack.list_messages(JOHN, SUPPORT) if m.id == message.id)
    )


async def test_button_of_a_deleted_record_says_that_it_is_gone(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK))
    await press_in_pane(acme, "process.delete")
    assert not await acme.submit({"key": "LEAD-004038"})
    assert "LEAD-004038 is deleted" in collect_text(acme.find_shown(channel="D0JOHN"))
    await press_in_pane(acme, "process.take")
    assert "Chakra doesn't know this record." in collect_text(acme.slack.find_view(JOHN) or {})


@shared_world
async def test_slow_press_in_the_pane_ends_in_the_view_that_asked_to_wait(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK))
    acme.chakra.fail(FETCH, Hang(), times=1)
    async with acme.clock.running():
        await acme.slack.previews.press_in_pane(JOHN, "process.take")
        await acme.slack.wait_until(lambda: acme.slack.find_view(JOHN) is not None)
        assert "One moment" in collect_text(acme.slack.find_view(JOHN) or {})
        acme.chakra.release_hanging()
        await acme.slack.wait_until(
            lambda: "Aarav Mehta" in collect_text(acme.slack.find_view(JOHN) or {})
        )
    assert acme.chakra.records.find("LEAD-004038")["assignedTo"] == "johndoe"


async def test_pane_that_no_longer_listens_is_answered_in_the_dm(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK.replace("4038", "4039")))
    acme.slack.fail("entity.presentDetails", error="invalid_trigger_id")
    await press_in_pane(acme, "process.take")
    answer = acme.find_shown(channel="D0JOHN")
    assert "Sofia Rossi" in collect_text(answer)


@shared_world
async def test_slack_that_takes_no_long_details_gets_fewer(acme: World) -> None:
    message = await post(acme, LINK)
    acme.slack.fail("entity.presentDetails", error="invalid_metadata")
    assert index_fields(await open_pane(acme, message))["City"] == "Pune"


async def test_slack_that_refuses_details_is_logged_without_the_record(acme: World) -> None:
    message = await post(acme, LINK)
    acme.slack.fail("entity.presentDetails", error="feature_not_enabled", times=5)
    with capture_logs() as lines:
        pane = await open_pane(acme, message)
    assert pane["entity"] is None
    [line] = [line for line in lines if line["event"] == "details_not_shown"]
    assert line["code"] == "feature_not_enabled"
    assert "LEAD-004038" not in json.dumps(lines, default=str)


@shared_world
async def test_card_in_a_thread_is_opened_there(acme: World) -> None:
    parent = await post(acme, "About this lead")
    await acme.slack.type(JOHN, SALES, LINK, thread_ts=parent.ts)
    await acme.wait_until_idle()
    reply = acme.find_shown()
    assert list_titles(reply) == ["Lead LEAD-004038"]
    await acme.slack.previews.press(MEI, "process.show", reply.id)
    await acme.wait_until_idle()
    card = acme.find_shown(by=MEI)
    assert card.thread_ts == parent.ts
    assert card.ephemeral


@shared_world
async def test_edited_message_gets_a_preview_of_its_new_link(acme: World) -> None:
    message = await post(acme, f"See {LINK}")
    stored = acme.slack.workspace.messages.get(message.id)
    assert stored
    other = LINK.replace("4038", "4039")
    content = replace(stored.content, text=f"See <{LINK}> and <{other}>")
    acme.slack.workspace.messages.replace(stored, content)
    await acme.wait_until_idle()
    assert list_titles(acme.find_shown()) == ["Lead LEAD-004038", "Lead LEAD-004039"]


PRESS = {
    "type": "block_actions",
    "user": {"id": JOHN, "username": "john", "team_id": "T0ACME"},
    "team": {"id": "T0ACME"},
    "trigger_id": "1.2.3",
    "actions": [{"action_id": "process.edit", "type": "button", "value": "lead/LEAD-004038"}],
}


@shared_world
@pytest.mark.parametrize(
    "more",
    [
        {"container": {"type": "entity_detail"}},
        {"container": {"type": "entity_detail", "external_ref": 1, "entity_url": 2}},
        {"container": {"type": "entity_detail", "external_ref": {"id": None}}},
        {"container": {"type": "entity_detail"}, "view": {"type": "entity_detail", "blocks": []}},
        {
            "container": {"type": "entity_detail", "view_id": "V1"},
            "view": {"id": "V1", "type": "entity_detail", "blocks": [], "state": {"values": {}}},
        },
        {"container": {"type": "message_attachment"}},
        {"container": {"type": "message_attachment", "channel_id": 7, "message_ts": "x"}},
    ],
)
@pytest.mark.parametrize(
    "action", ["process.edit", "process.refresh", "process.show", "gone.action"]
)
async def test_odd_presses_are_acknowledged_and_answered(
    acme: World, more: dict[str, object], action: str
) -> None:
    """Slack's pages show no press in a pane, so its payload may have more or less than this."""
    press = {**PRESS["actions"][0], "action_id": action}  # type: ignore[index]
    body = urlencode({"payload": json.dumps({**PRESS, **more, "actions": [press]})}).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{acme.bot_url}/slack/events", data=body, headers=acme.slack.sign_request(body)
        ) as answer,
    ):
        assert answer.status == 200
    await acme.wait_until_idle()
    answers = {"gone.action": "older version", "process.edit": "Slack didn't accept the answer"}
    shown = collect_text(acme.find_shown(channel="D0JOHN"))
    assert answers.get(action, "Aarav Mehta") in shown


@shared_world
@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", 1,
                                  "9999-12-31T23:59:59-05:00"])  # fmt: skip
async def test_time_that_slack_does_not_show_is_a_text(acme: World, time: object) -> None:
    lead = {**acme.chakra.records.find("LEAD-004038"), "createdAt": time}
    acme.chakra.fail(FETCH, StatusResponse(200, json={"_data": lead}))
    pane = await open_pane(acme, await post(acme, LINK))
    assert isinstance(index_fields(pane)["Created"], str)
    assert acme.slack.rejections == []
