"""Stories of notifications through the front door: signed webhooks in, messages in Slack out."""

from __future__ import annotations

from typing import Any

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import collect_text
from bot.sandbox.world import WEBHOOK_SECRET
from tests.clock import ManualClock
from tests.commands.test_send_invalid_input import deliver
from tests.messages.webhook_builders import build_meta, build_status, encode, sign
from tests.people import JOHN, SALES
from tests.world import World

LIST_RECORDS = "POST /v1/ext/procedure/{procedureShortId}/process/list"
LIST_NUMBERS = "GET /v1/ext/whatsapp-phone-number"
BURST_SIZE = 30
OUTSIDERS_QUESTION = "People outside your company now read"


async def add_rule(acme: World, line: str) -> None:
    await acme.type(f"/chakra notify add {line}")
    await acme.press("notify.confirm")


async def receive(acme: World, event: dict[str, Any]) -> None:
    signature = {"X-Chakra-Signature-256": sign(encode(event), WEBHOOK_SECRET)}
    assert (await deliver(acme, event, **signature)).status == 200
    await acme.settle()


def build_message(clock: ManualClock, words: str) -> dict[str, Any]:
    message = {
        "from": "919876543210",
        "id": f"wamid.{words}",
        "timestamp": str(int(clock.time())),
        "type": "text",
        "text": {"body": words},
    }
    return build_meta(messages=[message], metadata={"phone_number_id": "1"})


def list_posted(acme: World, channel: str = SALES) -> list[str]:
    """Return the app's messages that John sees there and that others may see too."""
    shown = acme.slack.list_messages(JOHN, channel)
    own = [message for message in shown if message.author == "U0CHAKRA" and not message.ephemeral]
    return [collect_text(message) for message in own]


async def test_burst_of_failures_is_counted_and_listed_privately(
    acme: World, clock: ManualClock
) -> None:
    await add_rule(acme, "failed")
    statuses = [build_status("failed", f"wamid.{number}") for number in range(BURST_SIZE)]
    await receive(acme, build_meta(*statuses))
    await clock.advance(5)
    [counted] = list_posted(acme)
    assert counted.startswith(f"*{BURST_SIZE} messages weren't delivered*")
    assert "98765" not in counted.replace(" ", "")
    listed = collect_text(await acme.press("notify.events"))
    assert "30 events" in listed
    assert "page 1 of 3" in listed
    assert "+91 98765 43210" in listed, "one person who may send reads it"
    turned = collect_text(await acme.press("notify.events_page:next"))
    assert "page 2 of 3" in turned
    assert len(list_posted(acme)) == 1
    recent = collect_text(await acme.type("/chakra notify recent"))
    assert f"Posted in <#{SALES}" in recent
    assert acme.slack.rejections == []


async def test_maker_decides_about_people_of_other_companies(
    acme: World, clock: ManualClock
) -> None:
    await add_rule(acme, "message")
    acme.slack.workspace.share_channel(SALES)
    await receive(acme, build_message(clock, "secret"))
    await clock.advance(5)
    assert list_posted(acme) == []
    direct = acme.slack.workspace.find_direct_messages(JOHN)
    assert direct is not None
    assert OUTSIDERS_QUESTION in list_posted(acme, direct.id)[-1]
    await acme.press("notify.keep_posting", channel=direct.id)
    await clock.advance(10)
    assert any("secret" in text for text in list_posted(acme))
    assert acme.slack.rejections == []


async def test_unknown_event_is_posted_to_those_who_want_all(
    acme: World, clock: ManualClock
) -> None:
    await add_rule(acme, "all")
    change = {"field": "from_2031", "value": {"x": 1}}
    await receive(acme, {"object": "whatsapp_business_account", "entry": [{"changes": [change]}]})
    await clock.advance(3)
    [card] = list_posted(acme)
    assert "WhatsApp reported something that this app doesn't know: `from_2031`." in card


async def test_message_waits_while_chakra_cannot_find_the_customers_lead(
    acme: World, clock: ManualClock
) -> None:
    await add_rule(acme, "message lead.status=OPEN")
    acme.chakra.fail(LIST_RECORDS, StatusResponse(503))
    async with clock.running():
        await receive(acme, build_message(clock, "waits"))
    await clock.jump(30)
    assert list_posted(acme) == []
    acme.chakra.clear_faults()
    await clock.jump(60)
    await clock.advance(5)
    assert [text for text in list_posted(acme) if "waits" in text][-1:] != []


async def test_masked_number_leaves_the_quote_of_a_thread_whole(
    acme: World, clock: ManualClock
) -> None:
    await add_rule(acme, "message")
    words = "Is it ready? Call 9876543210, or 1234567 in the evening > 6"
    await receive(acme, build_message(clock, words))
    await clock.advance(5)
    quote = list_posted(acme)[0].splitlines()[1]
    assert quote == "> Is it ready? Call •••••• 3210, or •••••• 67 in the evening &gt; 6"


async def test_masked_number_takes_no_digits_of_the_quote_below(
    acme: World, clock: ManualClock
) -> None:
    await add_rule(acme, "message")
    event = build_message(clock, "299 or 450?")
    contact = {"wa_id": "919876543210", "profile": {"name": "Asha"}}
    event["entry"][0]["changes"][0]["value"]["contacts"] = [contact]
    await receive(acme, event)
    await clock.advance(5)
    name, quote = list_posted(acme)[0].splitlines()[:2]
    assert name.endswith("+91 •••••• 3210")
    assert quote == "> 299 or 450?"


def build_chakra_message(acme: World, clock: ManualClock, words: str) -> dict[str, Any]:
    """Return a message in Chakra's own format, which names the account, not the number."""
    text = {"from": "919876543210", "id": f"wamid.{words}", "type": "text", "text": {"body": words}}
    payload = {"wabaId": acme.chakra.waba_id, "timestamp": int(clock.time() * 1000)}
    return {"event": "message", "payload": {**payload, "message": text}}


async def test_only_number_of_an_account_is_the_one_that_its_events_are_for(
    acme: World, clock: ManualClock
) -> None:
    await acme.type("/chakra notify add message from:Acme")
    assert "this rule misses such events" in collect_text(acme.find_shown())
    await acme.press("notify.confirm")
    await receive(acme, build_chakra_message(acme, clock, "either"))
    await clock.advance(5)
    assert list_posted(acme) == [], "it may be for another number of the account"
    acme.chakra.sender_listings[1]["waba"] = "837800000000002"
    await clock.jump(700)
    await receive(acme, build_chakra_message(acme, clock, "certain"))
    await clock.advance(5)
    assert any("certain" in text for text in list_posted(acme))


async def test_event_without_a_number_waits_while_chakra_does_not_list_them(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.sender_listings[1]["waba"] = "837800000000002"
    await acme.type("/chakra notify add message from:Acme")
    assert "this rule misses such events" not in collect_text(acme.find_shown())
    await acme.press("notify.confirm")
    await clock.jump(100_000)
    acme.chakra.fail(LIST_NUMBERS, StatusResponse(503))
    async with clock.running():
        await receive(acme, build_chakra_message(acme, clock, "waits"))
    await clock.jump(30)
    assert list_posted(acme) == []
    acme.chakra.clear_faults()
    await clock.jump(60)
    await clock.advance(5)
    assert any("waits" in text for text in list_posted(acme))
