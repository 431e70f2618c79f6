"""Stories of queries on a schedule: who may, where, when, and what its people read if it fails."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import VisibleMessage, collect_text
from bot.saved_queries.schedule_line import parse_schedule
from bot.slack.channels import Destination
from tests.people import JOHN, MEI, PRIYA, SALES, SUPPORT
from tests.world import World

PARTNERS, JOHNS_MESSAGES, LENA = "C0PARTNERS", "D0JOHN", "U0LENA"
LIST = "POST /v1/ext/procedure/{procedureShortId}/process/list"
PHONE, EMAIL = "+91 98765 43210", "ravi.k@acme.com"
DAY = 86_400.0
SALES_LINK, SUPPORT_LINK = "<#C0SALES|sales>", "<#C0SUPPORT|support>"


async def go_to(acme: World, local: str, zone: str = "Asia/Kolkata") -> None:
    """Let time pass until this local time, with everything that is due."""
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).timestamp()
    await acme.clock.jump(at - acme.clock.time())
    await acme.clock.advance(3)
    await acme.wait_until_idle()


async def pass_minutes(acme: World, minutes: int) -> None:
    """Let attempts happen, each with the retries of its requests."""
    for _ in range(minutes // 5):
        await acme.clock.jump(300)
        await acme.clock.jump(3)


def list_posts(acme: World, channel: str = SALES, by: str = JOHN) -> list[VisibleMessage]:
    found = acme.slack.list_messages(by, channel)
    return [item for item in found if item.author == "U0CHAKRA" and not item.ephemeral]


def list_texts(acme: World, channel: str = SALES, by: str = JOHN) -> list[str]:
    return [collect_text(item) for item in list_posts(acme, channel, by)]


async def schedule(acme: World, when: str, query: str = "state:NEW", by: str = JOHN) -> str:
    await acme.type(f"/chakra process save hot {query}", by=by)
    return collect_text(await acme.type(f"/chakra process schedule hot {when}", by=by))


async def test_scheduled_query_is_posted_at_its_time(acme: World) -> None:
    said = await schedule(acme, f"every Wednesday 9:00 {SUPPORT_LINK}")
    assert "every Wednesday at 09:00 (Asia/Kolkata)" in said
    await go_to(acme, "2023-11-15 08:59")  # a Wednesday
    assert list_posts(acme, SUPPORT) == []
    await go_to(acme, "2023-11-15 09:00")
    [posted] = list_texts(acme, SUPPORT)
    assert posted.startswith("*hot*")
    assert "leads" in posted
    assert "State NEW" in posted
    assert "Aarav Mehta" in posted
    assert "Scheduled by John" in posted
    await go_to(acme, "2023-11-22 09:00")
    assert len(list_posts(acme, SUPPORT)) == 2
    assert acme.slack.rejections == []


async def test_post_is_opened_by_each_reader(acme: World) -> None:
    await schedule(acme, f"every day 9:00 {SUPPORT_LINK}", "assigned:me")
    await go_to(acme, "2023-11-15 09:00")
    [posted] = list_texts(acme, SUPPORT)
    assert "ssigned to John Doe" in posted
    assert "you" not in posted
    opened = collect_text(await acme.press("process.saved_open", by=PRIYA, channel=SUPPORT))
    assert "ssigned to John Doe" in opened
    assert "Aarav Mehta" in opened
    refused = collect_text(await acme.press("process.saved_open", by="U0GITA", channel=SUPPORT))
    assert "Guests can't use Chakra" in refused


async def test_post_is_masked_in_a_channel_and_whole_in_own_messages(acme: World) -> None:
    acme.chakra.add_lead(PHONE, firstname=f"Ravi {PHONE}", phone_number=PHONE, email=EMAIL)
    query = f'"{PHONE}" or phone_number:"{PHONE}" email:{EMAIL}'
    await acme.type(f"/chakra process save ravi {query}")
    await acme.type("/chakra process schedule ravi daily 9:00")
    await acme.type("/chakra process save ravi2x phone_number!=1")
    await acme.type("/chakra process schedule ravi2x daily 9:00 me")
    await go_to(acme, "2023-11-15 09:00")
    seen = json.dumps([[item.text, item.blocks] for item in list_posts(acme)], ensure_ascii=False)
    assert "Ravi" in seen
    for whole in ("98765", "43210", "ravi.k"):
        assert whole not in seen
    own = json.dumps([item.blocks for item in list_posts(acme, JOHNS_MESSAGES)], ensure_ascii=False)
    assert "98765" in own


async def test_empty_result_is_posted_too(acme: World) -> None:
    await schedule(acme, "daily 9:00", "city:Atlantis")
    await go_to(acme, "2023-11-15 09:00")
    assert list_texts(acme)[0].startswith("*hot*  ·  0 leads")


async def test_long_result_shows_its_count_and_first_rows(acme: World) -> None:
    for number in range(130):
        acme.chakra.add_lead(f"LEAD-3{number:04}", firstname=f"Lead {number:03}", city="Surat")
    await schedule(acme, "daily 9:00", "city:Surat sort:-name")
    await go_to(acme, "2023-11-15 09:00")
    [posted] = list_texts(acme)
    assert "130 leads" in posted
    assert "Lead 129" in posted
    assert "Lead 119" not in posted
    assert "Lead 119" in collect_text(await acme.press("process.saved_open"))


# --- who and where --------------------------------------------------------------------------------


async def test_member_who_may_not_choose_what_channels_receive_is_refused(acme: World) -> None:
    said = await schedule(acme, "daily 9:00", by=MEI)
    assert "can't choose what channels receive" in said
    await go_to(acme, "2023-11-15 09:00")
    assert list_posts(acme) == []


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ("every hour", "isn't possible"),
        ("9:00", "On which days?"),
        ("every day 25:00", "isn't a time of day"),
        ("every day 9:00 blah", '"blah" isn\'t understood'),
        (f"every day 9:00 {SALES_LINK} {SUPPORT_LINK}", "one channel"),
        (f"every day 9:00 {SALES_LINK} and me", "one place"),
        ("every day 9:00 <@U0MEI>", "to a channel, or to your own messages"),
        ("every day 9:00 #nowhere", 'no channel "#nowhere"'),
        ("every day 9:00 <#C0GENERAL|general>", "invite"),
        ("every day 9:00 <#C0NOPE|nope>", "channel"),
    ],
)
async def test_schedule_that_cannot_be_is_explained(acme: World, when: str, sentence: str) -> None:
    assert sentence in await schedule(acme, when)
    assert "Next" not in collect_text(await acme.type("/chakra process saved"))


async def test_channel_of_others_is_refused(acme: World) -> None:
    await acme.type("/chakra process save hot state:NEW", by=LENA)
    said = collect_text(
        await acme.type("/chakra process schedule hot daily 9:00 <#C0PARTNERS|x>", by=LENA)
    )
    assert "Next" not in said


async def test_outsiders_are_asked_about_first(acme: World) -> None:
    acme.slack.workspace.share_channel(SUPPORT)
    asked = await schedule(acme, f"daily 9:00 {SUPPORT_LINK}")
    assert "people from other companies" in asked
    await go_to(acme, "2023-11-15 09:00")
    assert list_posts(acme, SUPPORT) == []
    await acme.press("process.saved_confirm")
    await go_to(acme, "2023-11-16 09:00")
    assert len(list_posts(acme, SUPPORT)) == 1


async def test_nothing_is_posted_once_outsiders_read_the_channel(acme: World) -> None:
    await schedule(acme, f"daily 9:00 {SUPPORT_LINK}")
    acme.slack.workspace.share_channel(SUPPORT)
    await go_to(acme, "2023-11-15 09:00")
    await go_to(acme, "2023-11-16 09:00")
    assert list_posts(acme, SUPPORT) == []
    [notice] = list_texts(acme, JOHNS_MESSAGES)
    assert "people outside your company now read the channel" in notice
    assert "Not posted" in collect_text(await acme.type("/chakra process saved"))
    await acme.press("process.saved_allow", channel=JOHNS_MESSAGES)
    await go_to(acme, "2023-11-17 09:00")
    assert len(list_posts(acme, SUPPORT)) == 1


async def test_schedule_is_chosen_in_a_form(acme: World) -> None:
    await acme.type("/chakra process save hot state:NEW")
    await acme.press("process.saved_schedule:1")
    errors = await acme.submit({"repeat": "weekly", "weekdays": [], "place": "channel"})
    assert errors == {"weekdays": "Choose at least one weekday."}
    errors = await acme.submit({"repeat": "daily", "channel": "C0GENERAL"})
    assert "isn't in this channel" in errors["channel"]
    values = {"repeat": "weekly", "weekdays": ["2", "4"], "time": "18:30", "channel": SUPPORT}
    assert not await acme.submit(values)
    shown = collect_text(acme.find_shown())
    assert "every Wednesday and Friday at 18:30" in shown
    await go_to(acme, "2023-11-15 18:30")
    assert len(list_posts(acme, SUPPORT)) == 1


async def test_form_asks_about_outsiders(acme: World) -> None:
    acme.slack.workspace.share_channel(SUPPORT)
    await acme.type("/chakra process save hot state:NEW")
    await acme.type(f"/chakra process schedule hot {SUPPORT_LINK}")
    await acme.submit({"repeat": "monthly", "day": "-1"})
    assert "people from other companies" in collect_text(acme.slack.find_view(JOHN) or {})
    await acme.submit({})
    assert "on the last day of each month at 09:00" in collect_text(acme.find_shown())


@pytest.mark.parametrize(
    "line", ["every Wednesday 9:00 hot", "hot every Wednesday 9:00", '"hot" every Wednesday 9:00']
)
async def test_name_is_found_in_its_line(acme: World, line: str) -> None:
    await acme.type("/chakra process save hot state:NEW")
    shown = collect_text(await acme.type(f"/chakra process schedule {line}"))
    assert "is posted here every Wednesday at 09:00" in shown


async def test_schedule_after_the_word_saved_is_offered_as_its_line(acme: World) -> None:
    await acme.type("/chakra process save hot state:NEW")
    shown = collect_text(await acme.type("/chakra process saved schedule hot daily 9:00"))
    assert "/chakra process schedule hot daily 9:00" in shown
    assert "is posted here" in collect_text(await acme.press("help.run:0"))


async def test_schedule_is_stopped_and_changed(acme: World) -> None:
    await schedule(acme, "daily 9:00")
    assert "no longer posted" in collect_text(await acme.type("/chakra process unschedule hot"))
    await go_to(acme, "2023-11-15 09:00")
    assert list_posts(acme) == []
    await acme.type("/chakra process schedule hot daily 10:00")
    await acme.type("/chakra process schedule hot daily 11:00")
    await go_to(acme, "2023-11-15 10:30")
    assert list_posts(acme) == []
    await go_to(acme, "2023-11-15 11:00")
    assert len(list_posts(acme)) == 1
    await acme.type("/chakra process schedule hot off")
    await go_to(acme, "2023-11-16 11:00")
    assert len(list_posts(acme)) == 1


async def test_query_that_another_person_scheduled_is_not_moved(acme: World) -> None:
    await schedule(acme, "daily 9:00", "for everyone state:NEW")
    listed = collect_text(await acme.type("/chakra process saved", by=MEI))
    assert "Posted every day at 09:00" in listed
    assert "Stop posting" not in listed
    refused = collect_text(await acme.type("/chakra process unschedule hot", by=MEI))
    assert "Only the person who scheduled it" in refused
    assert "no longer posted" in collect_text(
        await acme.type("/chakra process unschedule hot", by=LENA)
    )


async def test_deleted_query_is_not_posted(acme: World) -> None:
    await schedule(acme, "daily 9:00")
    await acme.type("/chakra process saved delete hot")
    await go_to(acme, "2023-11-15 09:00")
    assert list_posts(acme) == []


# --- what goes wrong ------------------------------------------------------------------------------


async def test_chakra_that_is_down_is_tried_for_an_hour(acme: World) -> None:
    await schedule(acme, "daily 9:00")
    acme.chakra.fail(LIST, StatusResponse(403))
    await go_to(acme, "2023-11-15 09:00")
    await pass_minutes(acme, 70)
    assert list_posts(acme) == []
    [notice] = list_texts(acme, JOHNS_MESSAGES)
    assert "Chakra didn't answer for an hour" in notice
    assert "Not posted" in collect_text(await acme.type("/chakra process saved"))


async def test_chakra_that_comes_back_within_the_hour_loses_nothing(acme: World) -> None:
    await schedule(acme, "daily 9:00")
    acme.chakra.fail(LIST, StatusResponse(503), 6)
    await go_to(acme, "2023-11-15 09:00")
    await pass_minutes(acme, 20)
    [posted] = list_texts(acme)
    assert "couldn't be posted then" in posted
    assert list_texts(acme, JOHNS_MESSAGES) == []
    await go_to(acme, "2023-11-16 09:00")
    assert len(list_posts(acme)) == 2


async def test_many_due_together_are_all_posted(acme: World) -> None:
    saved = acme.bot.workspace.context.saved_queries
    daily = parse_schedule("daily 9:00", "Asia/Kolkata").schedule
    for number in range(22):
        query = await saved.repository.add(
            f"list{number}x", JOHN, "lead", "state:NEW", 1.0, is_shared=True
        )
        await saved.schedule(query, daily, Destination(SALES if number % 2 else SUPPORT), JOHN)
    await go_to(acme, "2023-11-15 09:00")
    for _ in range(12):
        await acme.clock.jump(1)
    assert len(list_posts(acme)) == 11
    assert len(list_posts(acme, SUPPORT)) == 11


async def test_missed_times_are_posted_once_and_counted(acme: World) -> None:
    await schedule(acme, "daily 9:00")
    await go_to(acme, "2023-11-19 12:00")  # the app slept since the 14th
    [posted] = list_texts(acme)
    assert "4 later times were missed and won't be posted." in posted
    await go_to(acme, "2023-11-20 09:00")
    assert len(list_posts(acme)) == 2


async def test_app_that_was_removed_from_the_channel_says_so_once(acme: World) -> None:
    await schedule(acme, f"daily 9:00 {SUPPORT_LINK}")
    acme.slack.workspace.remove_app(SUPPORT)
    for day in (15, 16, 17):
        await go_to(acme, f"2023-11-{day} 09:00")
    [notice] = list_texts(acme, JOHNS_MESSAGES)
    assert "this app isn't in the channel" in notice
    acme.slack.workspace.add_app(SUPPORT)
    await go_to(acme, "2023-11-18 09:00")
    assert len(list_posts(acme, SUPPORT)) == 1
    assert "Not posted" not in collect_text(await acme.type("/chakra process saved"))


async def test_post_that_slack_refuses_is_shown_in_the_list(acme: World) -> None:
    await schedule(acme, f"daily 9:00 {SUPPORT_LINK}")
    acme.slack.fail("chat.postMessage", error="restricted_action")
    await go_to(acme, "2023-11-15 09:00")
    assert list_posts(acme, SUPPORT) == []
    assert len(list_posts(acme, JOHNS_MESSAGES)) == 1
    listed = collect_text(await acme.type("/chakra process saved"))
    assert "Not posted: Slack refused it (restricted_action)" in listed
    await go_to(acme, "2023-11-16 09:00")
    assert len(list_posts(acme, SUPPORT)) == 1
    assert "Not posted" not in collect_text(await acme.type("/chakra process saved"))


async def test_scheduler_who_loses_access_is_informed_and_posting_stops(acme: World) -> None:
    await schedule(acme, "daily 9:00", by=LENA)
    acme.slack.workspace.change_member_kind(LENA, "member")
    await go_to(acme, "2023-11-15 09:00", "Europe/Berlin")
    await go_to(acme, "2023-11-16 09:00", "Europe/Berlin")
    assert list_posts(acme) == []
    [notice] = list_texts(acme, "D0LENA", by=LENA)
    assert "is no longer posted" in notice
    assert "may no longer choose what channels receive" in notice


async def test_scheduler_who_left_the_company_ends_it_with_a_word(acme: World) -> None:
    await schedule(acme, "daily 9:00", by=LENA)
    acme.slack.workspace.change_member_kind(LENA, "deactivated")
    await go_to(acme, "2023-11-15 09:00", "Europe/Berlin")
    await go_to(acme, "2023-11-16 09:00", "Europe/Berlin")
    [ended] = list_texts(acme)
    assert "is no longer posted here" in ended


async def test_query_that_cannot_be_read_any_more_is_reported_once(acme: World) -> None:
    await schedule(acme, "daily 9:00")
    async with acme.bot.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE saved_queries SET record_type = 'ticket'")
    await go_to(acme, "2023-11-15 09:00")
    await go_to(acme, "2023-11-16 09:00")
    [notice] = list_texts(acme, JOHNS_MESSAGES)
    assert 'There are no records called "ticket" any more.' in notice
    assert list_posts(acme) == []
