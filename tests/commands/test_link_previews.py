"""Stories of links to Chakra's dashboard: their previews, and the pane that each person opens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.sandbox.chakra.faults import Hang, StatusResponse
from bot.sandbox.slack import VisibleMessage, visible_text
from bot.sandbox.slack.exchange_log import ApiCall
from bot.sandbox.slack.messages import MessageContent
from tests.people import JOHN, MEI, PRIYA, SALES, SUPPORT
from tests.world import World

LINK = "https://app.chakrahq.com/lead/LEAD-004038"
FETCH = "GET /v1/ext/procedure/{procedureShortId}/process/{processId}"


async def post(world: World, text: str, *, by: str = JOHN, channel: str = SALES) -> VisibleMessage:
    """Post a message; return it as it is once the bot has nothing left to do."""
    await world.slack.type(by, channel, text)
    await world.idle()
    return next(m for m in reversed(world.slack.messages(by, channel)) if m.author == by)


def previews(message: VisibleMessage) -> list[dict[str, Any]]:
    return [a for a in message.attachments or [] if a.get("is_app_unfurl")]


def titles(message: VisibleMessage) -> list[str]:
    return [preview["title"] for preview in previews(message)]


def unfurls(world: World) -> list[ApiCall]:
    return [call for call in world.slack.calls if call.method == "chat.unfurl"]


async def open_pane(world: World, message: VisibleMessage, by: str = JOHN) -> dict[str, Any]:
    await world.slack.previews.open(by, message.id)
    await world.idle()
    pane = world.slack.previews.pane(by)
    assert pane is not None
    return pane


async def open_slowly(world: World, message: VisibleMessage, by: str = JOHN) -> dict[str, Any]:
    """Open the pane while something hangs; return what it then says."""

    def pane() -> dict[str, Any]:
        return world.slack.previews.pane(by) or {}

    async with world.clock.running():
        await world.slack.previews.open(by, message.id)
        await world.slack.wait_until(lambda: bool(pane().get("error")))
    await world.idle()
    return pane()


def fields(pane: dict[str, Any]) -> dict[str, Any]:
    return {f["label"]: f["value"] for f in pane["entity"]["entity_payload"]["custom_fields"]}


def actions(pane: dict[str, Any]) -> list[str]:
    offered = pane["entity"]["entity_payload"].get("actions", {})
    return [a["text"] for key in ("primary_actions", "overflow_actions")
            for a in offered.get(key, ())]  # fmt: skip


async def test_link_gets_a_preview_without_any_customer_data(acme: World) -> None:
    message = await post(acme, f"Look at {LINK} please")
    assert titles(message) == ["Lead LEAD-004038"]
    [preview] = previews(message)
    assert preview["entity"]["external_ref"] == {"id": "LEAD-004038", "type": "lead"}
    assert preview["entity"]["entity_payload"]["attributes"]["product_name"] == "ChakraHQ"
    shown = json.dumps(message.attachments)
    assert not [word for word in ("Aarav", "98765", "Pune", "NEW", "johndoe") if word in shown]
    assert not [r for r in acme.chakra.requests if "process" in r.path]
    assert acme.slack.rejections == []


async def test_sender_sees_whole_numbers_and_the_buttons_in_the_pane(acme: World) -> None:
    pane = await open_pane(acme, await post(acme, LINK))
    assert pane["entity"]["entity_payload"]["attributes"]["title"]["text"] == "Aarav Mehta"
    assert fields(pane)["Score"] == "72"
    assert "919876543210" in json.dumps(pane)
    assert actions(pane) == ["Send WhatsApp", "Edit", "Assign to me", "Task…", "Delete…"]
    assert acme.slack.rejections == []


# --- the preview, which all may read -------------------------------------------------------------


async def test_several_links_get_a_preview_each_and_a_record_only_one(acme: World) -> None:
    other = LINK.replace("38", "39")
    text = f"{LINK} {other} {LINK}?tab=chat {LINK} https://app.chakrahq.com/leads https://x.com"
    message = await post(acme, text)
    assert titles(message) == ["Lead LEAD-004038", "Lead LEAD-004039"]
    [call] = unfurls(acme)
    assert list(call.args["unfurls"]) == [LINK, other]


async def test_many_links_fit_what_slack_takes(acme: World) -> None:
    links = [f"{LINK[:-4]}{number}" for number in range(1_000, 1_030)]
    message = await post(acme, " ".join(links))
    assert len(previews(message)) == 20
    assert any("entity" in preview for preview in previews(message))
    assert any("entity" not in preview for preview in previews(message))
    assert acme.slack.rejections == []


@pytest.mark.parametrize("channel", [SUPPORT, "C0GENERAL", "G0BLUEBIRD", "D0JOHNMEI", "D0JOHN"])
async def test_link_gets_a_preview_where_the_bot_is_no_member_too(
    acme: World, channel: str
) -> None:
    if channel == "D0JOHN":
        acme.slack.hold_events()  # in the app's own DM a message is a command, answered first
        await acme.slack.type(JOHN, channel, LINK)
        await acme.slack.release_events()
        await acme.idle()
        [message] = [m for m in acme.slack.messages(JOHN, channel) if m.author == JOHN]
    else:
        message = await post(acme, LINK, channel=channel)
    assert titles(message) == ["Lead LEAD-004038"]


@pytest.mark.parametrize(
    "text",
    [
        "https://app.chakrahq.com.evil.com/lead/LEAD-004038",
        "https://evil.com/?u=https://app.chakrahq.com/lead/LEAD-004038",
        "https://app.chakrahq.com:8443/lead/LEAD-004038",
        "https://eu.app.chakrahq.com/lead/LEAD-004038",
        "http://app.chakrahq.com/lead/LEAD-004038",
        "https://app.chakrahq.com/admin/plugin/e2233b54-689b-539b-a231-70eec846d130",
        "https://app.chakrahq.com/lead/" + "9" * 4_000,
        "https://app.chakrahq.com/%E0%A4%A/%00/☃",
        "app.chakrahq.com/lead/LEAD-004038",
    ],
)
async def test_other_links_get_none_and_ask_nothing(acme: World, text: str) -> None:
    message = await post(acme, text)
    assert not previews(message)
    assert unfurls(acme) == []


async def test_link_with_entities_and_percent_signs_keeps_its_exact_spelling(acme: World) -> None:
    message = await post(acme, "https://app.chakrahq.com/leads?tab=1&id=LEAD%2D004038#top")
    [preview] = previews(message)
    assert preview["app_unfurl_url"] == (
        "https://app.chakrahq.com/leads?tab=1&amp;id=LEAD%2D004038#top"
    )
    assert preview["title"] == "Lead LEAD-004038"


async def test_key_that_may_be_a_phone_number_is_not_repeated(acme: World) -> None:
    message = await post(acme, "https://app.chakrahq.com/lead/919876543210")
    [preview] = previews(message)
    assert preview["title"] == "Lead"


async def test_message_that_is_being_written_gets_a_preview_of_its_own(acme: World) -> None:
    await acme.slack.previews.compose(JOHN, SALES, f"see {LINK}")
    await acme.idle()
    [call] = unfurls(acme)
    assert call.args["source"] == "composer"
    assert call.args["unfurl_id"]
    [draft] = acme.slack.previews.draft(JOHN)
    assert draft["title"] == "Lead LEAD-004038"
    assert titles(await post(acme, f"see {LINK}")) == ["Lead LEAD-004038"]


async def test_event_delivered_again_unfurls_once(acme: World) -> None:
    await post(acme, LINK, channel="C0GENERAL")
    await acme.slack.redeliver_event()
    await acme.idle()
    assert len(unfurls(acme)) == 1


async def test_refreshed_preview_is_replaced_and_not_doubled(acme: World) -> None:
    message = await post(acme, LINK)
    await acme.slack.previews.refresh_preview(MEI, message.id)
    await acme.idle()
    assert len(unfurls(acme)) == 2
    assert titles(acme.shown()) == ["Lead LEAD-004038"]


async def test_links_of_apps_get_no_preview(acme: World) -> None:
    acme.slack.posted.post_as_other_app(SALES, MessageContent(text=f"<{LINK}>"))
    await acme.idle()
    event = {"type": "link_shared", "bot_id": "B0OTHER", "channel": SALES, "message_ts": "1.000001",
             "links": [{"url": LINK, "domain": "app.chakrahq.com"}]}  # fmt: skip
    await acme.slack.send_event(event)
    await acme.slack.send_event({**event, "bot_id": None, "user": "U0CHAKRA"})
    await acme.idle()
    assert unfurls(acme) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"links": None},
        {"links": "x"},
        {"links": [None, 1, {}, {"url": 3}, {"url": ""}]},
        {"links": [{"url": LINK}]},
        {"links": [{"url": LINK}], "channel": {"id": SALES}, "message_ts": 1.5},
        {"links": [{"url": LINK}], "channel": SALES},
        {"links": [{"url": LINK}], "unfurl_id": "x"},
    ],
)
async def test_odd_events_are_acknowledged_and_ignored(acme: World, body: dict[str, Any]) -> None:
    ack = await acme.slack.send_event({"type": "link_shared", "user": JOHN, **body})
    await acme.idle()
    assert ack.status == 200
    assert unfurls(acme) == []


async def test_chakra_without_its_configuration_still_knows_leads(acme: World) -> None:
    acme.chakra.fail("GET /v1/ext/config", StatusResponse(503), times=20)
    async with acme.clock.running():
        await acme.slack.type(JOHN, SALES, LINK)
        await acme.slack.wait_until(lambda: bool(previews(acme.shown())))
    assert titles(acme.shown()) == ["Lead LEAD-004038"]


# --- a Slack that refuses ------------------------------------------------------------------------


async def test_without_work_objects_a_button_opens_the_card_for_one_person(acme: World) -> None:
    acme.slack.previews.switch_work_objects(on=False)
    message = await post(acme, LINK)
    [preview] = previews(message)
    assert "entity" not in preview
    assert "Lead LEAD-004038" in visible_text(preview)
    assert "Aarav" not in json.dumps(preview)
    await acme.slack.previews.press(MEI, "process.show", message.id)
    await acme.idle()
    card = acme.shown(by=MEI)
    assert card.ephemeral
    assert "Aarav Mehta" in visible_text(card)
    assert "Aarav Mehta" not in visible_text(acme.shown(by=JOHN))
    assert previews(message)


@pytest.mark.parametrize("code", ["error_processing_metadata", "invalid_metadata_format"])
async def test_refused_work_object_becomes_a_line_with_a_button(acme: World, code: str) -> None:
    acme.slack.fail("chat.unfurl", error=code)
    [preview] = previews(await post(acme, LINK))
    assert "entity" not in preview
    assert "Open card" in visible_text(preview)


async def test_link_whose_event_is_not_acknowledged_yet_is_tried_again(acme: World) -> None:
    acme.slack.fail("chat.unfurl", error="cannot_unfurl_url")
    message = await post(acme, LINK)
    assert not previews(message)
    await acme.clock.advance(1.0)
    await acme.idle()
    assert titles(acme.shown()) == ["Lead LEAD-004038"]


async def test_lasting_refusal_posts_nothing_and_is_logged_once(acme: World) -> None:
    acme.slack.fail("chat.unfurl", error="no_permission", times=9)
    with capture_logs() as lines:
        for _ in range(3):
            assert not previews(await post(acme, LINK))
    refused = [line for line in lines if line["event"] == "link_preview_refused"]
    assert [(line["log_level"], line["code"]) for line in refused][:1] == [
        ("warning", "no_permission")
    ]
    assert [line["log_level"] for line in refused[1:]] == ["debug", "debug"]
    assert "LEAD-004038" not in json.dumps(lines, default=str)
    authors = {m.author for m in acme.slack.messages(JOHN, SALES) if LINK in m.text}
    assert authors == {JOHN}


async def test_lost_answer_of_slack_leaves_one_preview(acme: World) -> None:
    acme.slack.fail("chat.unfurl", reset="after")
    async with acme.clock.running():
        await acme.slack.type(JOHN, SALES, LINK)
        await acme.slack.wait_until(lambda: bool(previews(acme.shown())))
    await acme.idle()
    assert titles(acme.shown()) == ["Lead LEAD-004038"]


async def test_message_deleted_in_the_meantime_is_no_incident(acme: World) -> None:
    acme.slack.fail("chat.unfurl", error="cannot_find_message")
    with capture_logs() as lines:
        await post(acme, LINK)
    assert not [line for line in lines if line["log_level"] in ("warning", "error")]


# --- the pane, which one person reads ------------------------------------------------------------


async def test_member_sees_the_details_without_buttons_that_change(acme: World) -> None:
    pane = await open_pane(acme, await post(acme, LINK), MEI)
    assert fields(pane)["City"] == "Pune"
    assert actions(pane) == []


@pytest.mark.parametrize(
    ("person", "channel", "sentence"),
    [
        ("U0GITA", SALES, "Guests can't use Chakra from Slack."),
        ("U0ARJUN", SALES, "Guests can't use Chakra from Slack."),
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


@pytest.mark.parametrize("path", ["lead/LEAD-999999", "lead/LEAD-004048", "lead/LEAD%2F1",
                                  "lead/9c1dd4b7-29bc-4f21-8d2f-9f6f3fd0f4a1"])  # fmt: skip
async def test_record_that_chakra_does_not_have_is_not_found(acme: World, path: str) -> None:
    pane = await open_pane(acme, await post(acme, f"https://app.chakrahq.com/{path}"))
    assert pane["entity"] is None
    assert pane["error"]["status"] == "not_found"
    assert "Can't find lead" in pane["error"]["custom_message"]


async def test_outage_is_said_in_the_pane(acme: World) -> None:
    message = await post(acme, LINK)
    acme.chakra.fail(FETCH, StatusResponse(403), times=9)
    pane = await open_pane(acme, message)
    assert pane["error"]["status"] == "internal_error"
    assert "Chakra doesn't let this app do that." in pane["error"]["custom_message"]


async def test_slow_chakra_is_said_before_slack_gives_up(acme: World) -> None:
    message = await post(acme, LINK)
    acme.chakra.fail(FETCH, Hang(), times=1)
    started = acme.clock.time()
    pane = await open_slowly(acme, message)
    assert acme.clock.time() - started < 3
    assert pane["error"]["status"] == "timeout"
    assert "Refresh this pane" in pane["error"]["custom_message"]
    acme.chakra.release_hanging()
    await acme.slack.previews.open(JOHN, message.id, refresh=True)
    await acme.idle()
    assert fields(acme.slack.previews.pane(JOHN) or {})["City"] == "Pune"
    assert acme.slack.rejections == []


async def test_slack_that_cannot_say_who_asks_shows_nothing(acme: World) -> None:
    message = await post(acme, LINK)
    acme.slack.hang("users.info")
    pane = await open_slowly(acme, message, "U0OMAR")
    acme.slack.release()
    assert pane["error"]["status"] == "timeout"
    assert "couldn't load this in time" in pane["error"]["custom_message"]


async def test_pane_opened_from_a_search_finds_the_record_by_its_address(acme: World) -> None:
    await acme.slack.previews.open_from_search(JOHN, f"{LINK}?tab=chat")
    await acme.idle()
    pane = acme.slack.previews.pane(JOHN)
    assert pane
    assert fields(pane)["Score"] == "72"


async def test_late_event_about_a_pane_does_nothing(acme: World) -> None:
    message = await post(acme, LINK)
    acme.slack.hold_events()
    await acme.slack.previews.open(JOHN, message.id)
    await acme.clock.advance(900)
    await acme.slack.release_events()
    await acme.idle()
    assert not [call for call in acme.slack.calls if call.method == "entity.presentDetails"]


async def test_text_of_customers_is_shown_as_it_is(acme: World) -> None:
    pane = await open_pane(acme, await post(acme, LINK.replace("4038", "4047")))
    assert pane["entity"]["entity_payload"]["attributes"]["title"]["text"] == (
        "Ana <!channel> & Sons"
    )


# --- the pane's buttons --------------------------------------------------------------------------


async def press_in_pane(world: World, action: str, by: str = JOHN) -> None:
    await world.slack.previews.press_in_pane(by, action)
    await world.idle()


async def test_assigning_in_the_pane_shows_the_new_state_there(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK.replace("4038", "4039")))
    await press_in_pane(acme, "process.take")
    pane = acme.slack.previews.pane(JOHN)
    assert pane
    assert fields(pane)["Assigned to"] == "johndoe"
    assert acme.slack.view(JOHN) is None


async def test_assigning_again_after_a_colleague_took_it_works(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK.replace("4038", "4039")))
    for _ in range(2):
        await press_in_pane(acme, "process.take")
        assert acme.chakra.records.find("LEAD-004039")["assignedTo"] == "johndoe"
        acme.chakra.records.assign("LEAD-004039", "priya")
        await acme.clock.advance(3_600)


async def test_edit_in_the_pane_opens_the_form_and_answers_in_the_dm(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK))
    await press_in_pane(acme, "process.edit")
    assert not await acme.submit({"field_score": "80"})
    await acme.submit({})
    assert acme.chakra.records.find("LEAD-004038")["data"]["score"] == 80
    assert "80" in visible_text(acme.shown(channel="D0JOHN"))


async def test_send_in_the_pane_opens_the_form_with_the_record(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK))
    await press_in_pane(acme, "process.send")
    assert "lead LEAD-004038" in json.dumps(acme.slack.view(JOHN))


async def test_failed_press_in_the_pane_is_explained_to_the_one_who_pressed(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK))
    acme.chakra.fail(FETCH, StatusResponse(403), times=9)
    await press_in_pane(acme, "process.edit")
    assert "Chakra doesn't let this app do that." in visible_text(acme.slack.view(JOHN) or {})


async def test_person_who_lost_the_right_is_refused_at_the_press(acme: World) -> None:
    await open_pane(acme, await post(acme, LINK), PRIYA)
    acme.slack.workspace.change_member_kind(PRIYA, "member")
    await acme.clock.advance(60)
    await press_in_pane(acme, "process.take", PRIYA)
    assert "Ask an admin of this app" in visible_text(acme.slack.view(PRIYA) or {})
    assert acme.chakra.records.find("LEAD-004038")["assignedTo"] == "johndoe"


async def test_button_of_the_preview_answers_only_the_one_who_pressed(acme: World) -> None:
    message = await post(acme, LINK)
    await acme.slack.previews.press("U0GITA", "process.show", message.id)
    await acme.idle()
    refused = acme.shown(by="U0GITA")
    assert refused.ephemeral
    assert "Guests can't use Chakra" in visible_text(refused)
    assert titles(next(m for m in acme.slack.messages(JOHN, SALES) if m.id == message.id))
