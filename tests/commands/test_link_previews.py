"""Stories of links to Chakra's dashboard: the previews, which all may read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import collect_text
from bot.sandbox.slack.messages import MessageContent
from tests.commands.link_scenarios import LINK, list_previews, list_titles, list_unfurls, post
from tests.people import JOHN, MEI, SALES, SUPPORT
from tests.shared_world import shared_world
from tests.world import World


@shared_world
async def test_link_gets_a_preview_without_any_customer_data(acme: World) -> None:
    message = await post(acme, f"Look at {LINK} please")
    assert list_titles(message) == ["Lead LEAD-004038"]
    [preview] = list_previews(message)
    assert preview["entity"]["external_ref"] == {"id": "LEAD-004038", "type": "lead"}
    assert preview["entity"]["entity_payload"]["attributes"]["product_name"] == "ChakraHQ"
    shown = json.dumps(message.attachments)
    assert not [word for word in ("Aarav", "98765", "Pune", "NEW", "johndoe") if word in shown]
    assert not [r for r in acme.chakra.requests if "process" in r.path]
    assert acme.slack.rejections == []


@shared_world
async def test_several_links_get_a_preview_each_and_a_record_only_one(acme: World) -> None:
    other = LINK.replace("38", "39")
    text = f"{LINK} {other} {LINK}?tab=chat {LINK} https://app.chakrahq.com/leads https://x.com"
    message = await post(acme, text)
    assert list_titles(message) == ["Lead LEAD-004038", "Lead LEAD-004039"]
    [call] = list_unfurls(acme)
    assert list(call.args["unfurls"]) == [LINK, other]


@shared_world
async def test_many_links_fit_what_slack_takes(acme: World) -> None:
    links = [f"{LINK[:-4]}{number}" for number in range(1_000, 1_030)]
    message = await post(acme, " ".join(links))
    assert len(list_previews(message)) == 20
    assert any("entity" in preview for preview in list_previews(message))
    assert any("entity" not in preview for preview in list_previews(message))
    assert acme.slack.rejections == []


@shared_world
@pytest.mark.parametrize("channel", [SUPPORT, "C0GENERAL", "G0BLUEBIRD", "D0JOHNMEI", "D0JOHN"])
async def test_link_gets_a_preview_where_the_bot_is_no_member_too(
    acme: World, channel: str
) -> None:
    if channel == "D0JOHN":
        acme.slack.hold_events()  # in the app's own DM a message is a command, answered first
        await acme.slack.type(JOHN, channel, LINK)
        await acme.slack.release_events()
        await acme.wait_until_idle()
        [message] = [m for m in acme.slack.list_messages(JOHN, channel) if m.author == JOHN]
    else:
        message = await post(acme, LINK, channel=channel)
    assert list_titles(message) == ["Lead LEAD-004038"]


@shared_world
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
    assert not list_previews(message)
    assert list_unfurls(acme) == []


@shared_world
async def test_link_with_entities_and_percent_signs_keeps_its_exact_spelling(acme: World) -> None:
    message = await post(acme, "https://app.chakrahq.com/leads?tab=1&id=LEAD%2D004038#top")
    [preview] = list_previews(message)
    assert preview["app_unfurl_url"] == (
        "https://app.chakrahq.com/leads?tab=1&amp;id=LEAD%2D004038#top"
    )
    assert preview["title"] == "Lead LEAD-004038"


@shared_world
async def test_key_that_may_be_a_phone_number_is_not_repeated(acme: World) -> None:
    message = await post(acme, "https://app.chakrahq.com/lead/919876543210")
    [preview] = list_previews(message)
    assert preview["title"] == "Lead"


@shared_world
async def test_message_that_is_being_written_gets_a_preview_of_its_own(acme: World) -> None:
    await acme.slack.previews.compose(JOHN, SALES, f"see {LINK}")
    await acme.wait_until_idle()
    [call] = list_unfurls(acme)
    assert call.args["source"] == "composer"
    assert call.args["unfurl_id"]
    [draft] = acme.slack.previews.list_draft_previews(JOHN)
    assert draft["title"] == "Lead LEAD-004038"
    assert list_titles(await post(acme, f"see {LINK}")) == ["Lead LEAD-004038"]


@shared_world
async def test_event_delivered_again_unfurls_once(acme: World) -> None:
    await post(acme, LINK, channel="C0GENERAL")
    await acme.slack.redeliver_event()
    await acme.wait_until_idle()
    assert len(list_unfurls(acme)) == 1


@shared_world
async def test_refreshed_preview_is_replaced_and_not_doubled(acme: World) -> None:
    message = await post(acme, LINK)
    await acme.slack.previews.refresh_preview(MEI, message.id)
    await acme.wait_until_idle()
    assert len(list_unfurls(acme)) == 2
    assert list_titles(acme.find_shown()) == ["Lead LEAD-004038"]


@shared_world
async def test_links_of_apps_get_no_preview(acme: World) -> None:
    acme.slack.posted.post_as_other_app(SALES, MessageContent(text=f"<{LINK}>"))
    await acme.wait_until_idle()
    event = {"type": "link_shared", "bot_id": "B0OTHER", "channel": SALES, "message_ts": "1.000001",
             "links": [{"url": LINK, "domain": "app.chakrahq.com"}]}  # fmt: skip
    await acme.slack.send_event(event)
    await acme.slack.send_event({**event, "bot_id": None, "user": "U0CHAKRA"})
    await acme.wait_until_idle()
    assert list_unfurls(acme) == []


@shared_world
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
    await acme.wait_until_idle()
    assert ack.status == 200
    assert list_unfurls(acme) == []


@shared_world
async def test_chakra_without_its_configuration_still_knows_leads(acme: World) -> None:
    acme.chakra.fail("GET /v1/ext/config", StatusResponse(503), times=20)
    async with acme.clock.running():
        await acme.slack.type(JOHN, SALES, LINK)
        await acme.slack.wait_until(lambda: bool(list_previews(acme.find_shown())))
    assert list_titles(acme.find_shown()) == ["Lead LEAD-004038"]


# --- a Slack that refuses ------------------------------------------------------------------------


async def test_without_work_objects_a_button_opens_the_card_for_one_person(acme: World) -> None:
    acme.slack.previews.switch_work_objects(on=False)
    message = await post(acme, LINK)
    [preview] = list_previews(message)
    assert "entity" not in preview
    assert "Lead LEAD-004038" in collect_text(preview)
    assert "Aarav" not in json.dumps(preview)
    await acme.slack.previews.press(MEI, "process.show", message.id)
    await acme.wait_until_idle()
    card = acme.find_shown(by=MEI)
    assert card.ephemeral
    assert "Aarav Mehta" in collect_text(card)
    assert "Aarav Mehta" not in collect_text(acme.find_shown(by=JOHN))
    assert list_previews(message)


@shared_world
@pytest.mark.parametrize("code", ["error_processing_metadata", "invalid_metadata_format"])
async def test_refused_work_object_becomes_a_line_with_a_button(acme: World, code: str) -> None:
    acme.slack.fail("chat.unfurl", error=code)
    [preview] = list_previews(await post(acme, LINK))
    assert "entity" not in preview
    assert "Open card" in collect_text(preview)


async def test_link_whose_event_is_not_acknowledged_yet_is_tried_again(acme: World) -> None:
    acme.slack.fail("chat.unfurl", error="cannot_unfurl_url")
    message = await post(acme, LINK)
    assert not list_previews(message)
    await acme.clock.advance(1.0)
    await acme.wait_until_idle()
    assert list_titles(acme.find_shown()) == ["Lead LEAD-004038"]


@shared_world
async def test_lasting_refusal_posts_nothing_and_is_logged_once(acme: World) -> None:
    acme.slack.fail("chat.unfurl", error="no_permission", times=9)
    with capture_logs() as lines:
        for _ in range(3):
            assert not list_previews(await post(acme, LINK))
    refused = [line for line in lines if line["event"] == "link_preview_refused"]
    assert [(line["log_level"], line["code"]) for line in refused][:1] == [
        ("warning", "no_permission")
    ]
    assert [line["log_level"] for line in refused[1:]] == ["debug", "debug"]
    assert "LEAD-004038" not in json.dumps(lines, default=str)
    authors = {m.author for m in acme.slack.list_messages(JOHN, SALES) if LINK in m.text}
    assert authors == {JOHN}


async def test_lost_answer_of_slack_leaves_one_preview(acme: World) -> None:
    acme.slack.fail("chat.unfurl", reset="after")
    async with acme.clock.running():
        await acme.slack.type(JOHN, SALES, LINK)
        await acme.slack.wait_until(lambda: bool(list_previews(acme.find_shown())))
    await acme.wait_until_idle()
    assert list_titles(acme.find_shown()) == ["Lead LEAD-004038"]


@shared_world
async def test_message_deleted_in_the_meantime_is_no_incident(acme: World) -> None:
    acme.slack.fail("chat.unfurl", error="cannot_find_message")
    with capture_logs() as lines:
        await post(acme, LINK)
    assert not [line for line in lines if line["log_level"] in ("warning", "error")]


# --- a link as a command -------------------------------------------------------------------------


@shared_world
@pytest.mark.parametrize("words", ["", "lead ", "process ", "process show lead ", "open lead "])
@pytest.mark.parametrize("more", ["", "?tab=chat&utm_campaign=a_very_long_name_of_one", "#notes"])
async def test_typed_link_shows_the_card(acme: World, words: str, more: str) -> None:
    card = await acme.type(f"/chakra {words}{LINK}{more}")
    assert card.ephemeral
    assert "Aarav Mehta" in collect_text(card)


@shared_world
async def test_link_sent_to_the_app_is_answered_with_the_card(acme: World) -> None:
    await acme.slack.write_to_app(JOHN, LINK)
    await acme.wait_until_idle()
    assert "Aarav Mehta" in collect_text(acme.find_shown(channel="D0JOHN"))
    await acme.slack.mention(MEI, SALES, LINK)
    await acme.wait_until_idle()
    card = acme.find_shown(by=MEI)
    assert card.ephemeral
    assert "Aarav Mehta" in collect_text(card)


@shared_world
async def test_typed_link_to_a_missing_record_says_so(acme: World) -> None:
    shown = collect_text(await acme.type(f"/chakra {LINK}9"))
    assert "Can't find lead" in shown


async def test_card_of_a_key_that_two_records_have_lists_both(acme: World) -> None:
    acme.chakra.records.change("LEAD-004039", lead_id="LEAD-004040")
    message = await post(acme, LINK.replace("4038", "4040"))
    await acme.slack.previews.press(JOHN, "process.show", message.id)
    await acme.wait_until_idle()
    shown = collect_text(acme.find_shown())
    assert "Sofia Rossi" in shown
    assert "Chidi Anagonye" in shown


@shared_world
async def test_button_works_in_conversations_that_the_bot_cannot_join(acme: World) -> None:
    message = await post(acme, LINK, channel="D0JOHNMEI")
    await acme.slack.previews.press(MEI, "process.show", message.id)
    await acme.wait_until_idle()
    card = acme.find_shown(by=MEI, channel="D0JOHNMEI")
    assert card.ephemeral
    assert "Aarav Mehta" in collect_text(card)


@shared_world
async def test_busy_slack_gets_the_preview_later(acme: World) -> None:
    acme.slack.fail("chat.unfurl", error="ratelimited", retry_after=5)
    assert not list_previews(await post(acme, LINK))
    await acme.clock.advance(5)
    await acme.wait_until_idle()
    assert list_titles(acme.find_shown()) == ["Lead LEAD-004038"]
