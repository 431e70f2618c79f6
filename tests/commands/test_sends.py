"""Stories of ``/chakra sends``: the list, one send, and sending it again."""

from __future__ import annotations

from sqlalchemy import insert, select

from bot.db.tables import sends
from bot.messages.service import MAX_LISTED_SENDS
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    DIRECT,
    MEI,
    NOT_ON_WHATSAPP,
    READING_NUMBER,
    VALUES,
    advance_until,
    count_sent,
    open_form,
    read_report_text,
    submit_form,
)
from tests.people import JOHN, SALES
from tests.world import World

PARTNERS = "C0PARTNERS"
ROW = "*appointment_reminder* to +1 202-555-0100"
FAILED_ROW = "*appointment_reminder* to +1 202-555-0101"


async def send_two(acme: World, clock: ManualClock) -> None:
    """One is read, and one fails."""
    for number, outcome in ((READING_NUMBER, "*Read* by"), (NOT_ON_WHATSAPP, "*Not delivered*")):
        await open_form(acme)
        assert await submit_form(acme, phone=number) == {}
        await wait_for_report(acme, clock, outcome)


async def wait_for_report(acme: World, clock: ManualClock, words: str) -> None:
    await advance_until(acme, clock, lambda: words in read_report_text(acme))


async def list_sends(acme: World, text: str = "", *, by: str = JOHN) -> str:
    return collect_text(await acme.type(f"/chakra sends {text}", by=by))


async def test_sends_are_listed_filtered_and_shown(acme: World, clock: ManualClock) -> None:
    await send_two(acme, clock)
    listed = await list_sends(acme)
    assert listed.startswith("*2 sends*  ·  everyone's")
    assert ROW in listed
    assert FAILED_ROW in listed
    assert f"by <@{JOHN}>" in listed
    failed = await list_sends(acme, "failed 0101 today me")
    assert failed.startswith('*1 send*  ·  yours  ·  "0101"  ·  failed  ·  today')
    assert ROW not in failed
    assert "No send matches. Try other or fewer words." in await list_sends(acme, "banana")
    await list_sends(acme, "read")
    shown = collect_text(await acme.press("sends.show"))
    assert "*Read* by +1 202-555-0100" in shown
    assert "> Hi Jane, a reminder" in shown
    assert f"by <@{JOHN}>" in shown


async def test_shared_send_hides_recipient_and_text(acme: World, clock: ManualClock) -> None:
    await send_two(acme, clock)
    await list_sends(acme, "read")
    await acme.press("sends.show")
    shared = await acme.press("sends.share")
    assert not shared.ephemeral
    text = collect_text(shared)
    assert "*Read* by +1 •••••• 0100\n*appointment_reminder*, English" in text
    assert f"Shared by <@{JOHN}>" in text
    assert "Jane" not in text


async def test_send_again_opens_the_form_with_the_same_values(
    acme: World, clock: ManualClock
) -> None:
    await send_two(acme, clock)
    await acme.press("sends.again", channel="D0JOHN")
    assert count_sent(acme) == 2, "nothing is sent by the press itself"
    form = str(acme.slack.find_view(JOHN))
    assert "'text': 'appointment_reminder" in form
    for value in ("+12025550101", *VALUES.values()):
        assert value in form


async def test_others_see_their_own_sends_only(acme: World, clock: ManualClock) -> None:
    await send_two(acme, clock)
    assert "You haven't sent anything" in await list_sends(acme, by=MEI)
    for text in ("everyone", f"<@{JOHN}>"):
        refused = await list_sends(acme, text, by=MEI)
        assert "You can see your own sends" in refused
        assert "202-555" not in refused
        assert refused.count("admin") == 1
    assert "by <@U0MEI>" in await list_sends(acme, f"<@{MEI}>"), "a sender may ask for anyone's"


async def test_long_list_says_how_many_were_searched(acme: World, clock: ManualClock) -> None:
    await send_two(acme, clock)
    async with acme.bot.database.begin() as connection:
        newest = dict((await connection.execute(select(sends).limit(1))).mappings().one())
        rows = [
            {**newest, "id": number, "key": f"k{number}", "started_at": newest["started_at"] + 60}
            for number in range(100, 100 + MAX_LISTED_SENDS)
        ]
        await connection.execute(insert(sends), rows)
    assert (await list_sends(acme)).startswith(f"*the last {MAX_LISTED_SENDS} sends*")
    found = await list_sends(acme, "0101")
    assert found.startswith(f"*0 of the last {MAX_LISTED_SENDS} sends*")
    assert "Older ones weren't searched" in found


async def test_colleague_without_sends_is_named(acme: World) -> None:
    assert f"<@{MEI}> hasn't sent anything" in await list_sends(acme, f"<@{MEI}>")
    assert "mention them with @" in await list_sends(acme, "by Mei")


# --- sharing a report from the direct messages ----------------------------------------------------


async def open_share_form(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone=READING_NUMBER) == {}
    await wait_for_report(acme, clock, "*Read* by")
    await acme.press("sends.choose", channel=DIRECT)


def list_texts(acme: World, channel: str) -> list[str]:
    messages = acme.slack.list_messages(JOHN, channel)
    return [collect_text(message) for message in messages if not message.ephemeral]


async def test_report_is_shared_masked_in_the_chosen_channel(
    acme: World, clock: ManualClock
) -> None:
    await open_share_form(acme, clock)
    await acme.submit({"channel": SALES})
    await advance_until(acme, clock, lambda: "Shared by" in list_texts(acme, SALES)[-1])
    shared = list_texts(acme, SALES)[-1]
    assert "*appointment_reminder*" in shared
    assert "202-555-0100" not in shared
    assert "Jane" not in shared
    assert acme.slack.rejections == []


async def test_report_goes_to_outsiders_only_after_a_question(
    acme: World, clock: ManualClock
) -> None:
    await acme.slack.invite_app(JOHN, PARTNERS)
    await open_share_form(acme, clock)
    before = list_texts(acme, PARTNERS)
    await acme.submit({"channel": PARTNERS})
    assert "has people from Globex" in collect_text(acme.slack.find_view(JOHN) or {})
    assert list_texts(acme, PARTNERS) == before
    await acme.submit({})
    await advance_until(acme, clock, lambda: list_texts(acme, PARTNERS) != before)


async def test_report_is_not_shared_where_the_app_is_not(acme: World, clock: ManualClock) -> None:
    await open_share_form(acme, clock)
    await acme.submit({"channel": PARTNERS})
    assert "can't post in that channel" in collect_text(acme.slack.find_view(JOHN) or {})
    assert "Shared by" not in "".join(list_texts(acme, PARTNERS))
