"""Customers who act by themselves: each event in both formats, in the documented shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.chakra import EmbeddedChakra, account_changes
from bot.sandbox.chakra.customer import EmbeddedCustomer
from tests.clock import ManualClock
from tests.sandbox.chakra_client import ApiClient, open_client, read_doc, serve_chakra
from tests.sandbox.chakra_whatsapp import (
    MESSAGES,
    OTHER_SENDER,
    SENDER,
    WebhookListener,
    build_meta_send,
    read_code,
    serve_listener,
)

USER_ID = "IN.13570246813579246801"
NUMBER = "919876543210"


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(clock) as chakra:
        yield chakra


@pytest.fixture
async def client(chakra: EmbeddedChakra) -> AsyncIterator[ApiClient]:
    async with open_client(chakra) as client:
        yield client


@pytest.fixture
async def meta(chakra: EmbeddedChakra) -> AsyncIterator[WebhookListener]:
    """Receive Meta's events."""
    async with serve_listener() as listener:
        chakra.set_passthrough_webhook(listener.url)
        yield listener
        await chakra.settle()


@pytest.fixture
def john(chakra: EmbeddedChakra) -> EmbeddedCustomer:
    """A customer as before user IDs existed."""
    return chakra.customers.add("John", "919911223344", user_id="")


@pytest.fixture
def asha(chakra: EmbeddedChakra) -> EmbeddedCustomer:
    """A customer without a number."""
    return chakra.customers.add("Asha Rao", username="asha.rao.crafts", user_id=USER_ID)


def change(body: Any) -> tuple[str, Any]:
    (found,) = body["entry"][0]["changes"]
    return found["field"], found["value"]


async def get_last_body(listener: WebhookListener, number: int = 1) -> Any:
    return (await listener.wait_for_requests(number))[-1].json


async def compare(listener: WebhookListener, name: str, number: int = 1, **own: Any) -> None:
    """Compare the last event with the documented one; IDs, times and numbers are our own."""
    field, value = change(await get_last_body(listener, number))
    documented_field, documented = change(read_doc(f"webhook-meta.{name}"))
    assert field == documented_field
    assert describe_shape(value) == describe_shape(documented)
    assert own.items() <= flatten(value).items()


def describe_shape(value: Any) -> Any:
    """Return the keys and types of all levels."""
    if isinstance(value, dict):
        return {key: describe_shape(item) for key, item in value.items()}
    return [describe_shape(item) for item in value] if isinstance(value, list) else type(value)


def flatten(value: Any) -> dict[str, Any]:
    """Return the leaves by their last key."""
    if not isinstance(value, dict | list):
        return {}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: dict[str, Any] = {}
    for key, item in items:
        found |= flatten(item) if isinstance(item, dict | list) else {str(key): item}
    return found


async def test_messages_have_the_documented_shapes(
    john: EmbeddedCustomer, asha: EmbeddedCustomer, meta: WebhookListener
) -> None:
    john.write("Hi")
    await compare(meta, "text-message", 1, body="Hi")
    john.send_picture("This is a caption")
    await compare(meta, "image-message", 2, caption="This is a caption")
    ours = john.hear_by_hand("Yes")
    await compare(meta, "smb-message-echo", 3, body="Yes")
    john.react(ours)
    await compare(meta, "reaction", 4, emoji="👍", message_id=ours)
    asha.write("Hello")
    await compare(meta, "text-message-without-number", 5, from_user_id=USER_ID)
    asha.pass_to_agent()
    await meta.wait_for_requests(6)
    asha.write("When?")
    await compare(meta, "standby-message", 7, body="When?")
    john.hear_from_agent("It left our store.")
    await compare(meta, "standby-echo", 8, to=john.identity.phone)


async def test_echoes_to_a_customer_without_number(
    asha: EmbeddedCustomer, meta: WebhookListener
) -> None:
    documented = change(read_doc("webhook-meta.smb-message-echoes"))[1]["message_echoes"]
    wamid = asha.hear_by_hand("Yes, in blue and in grey.")
    asha.hear_edit_by_hand(wamid, "Yes, in blue.")
    asha.hear_revoke_by_hand(wamid)
    for got in await meta.wait_for_requests(3):
        (echo,) = change(got.json)[1]["message_echoes"]
        (as_documented,) = (event for event in documented if event["type"] == echo["type"])
        assert describe_shape(echo) == describe_shape(as_documented)
    (message,) = asha.received
    assert (message.text, message.is_edited, message.is_revoked) == ("Yes, in blue.", True, True)


async def test_system_messages_and_preferences(
    chakra: EmbeddedChakra, asha: EmbeddedCustomer, meta: WebhookListener
) -> None:
    known = chakra.customers.add(
        "Asha Rao", NUMBER, username="asha.rao.crafts", user_id="IN.24681357902468135790"
    )
    known.change_number("919876500000")
    await compare(meta, "user-changed-number", 1, wa_id="919876500000")
    assert known.identity.user_id != "IN.24681357902468135790"
    asha.change_number("")
    await compare(meta, "user-changed-user-id", 2, previous_user_id=USER_ID)
    known.stop_marketing()
    await compare(meta, "user-preferences-stop", 3, value="stop")
    known.change_number("919876500001", names_previous=False)
    _, value = change(await get_last_body(meta, 4))
    assert "previous_user_id" not in value["messages"][0]["system"]
    assert chakra.customers.find("919876500001") is known
    assert chakra.customers.find("919876500000") is None


async def test_blank_fields_instead_of_absent_ones(
    chakra: EmbeddedChakra, meta: WebhookListener
) -> None:
    blank = chakra.customers.add("Asha", blank_fields=True)
    blank.write("Hello")
    _, value = change(await get_last_body(meta))
    assert value["contacts"][0]["wa_id"] == value["messages"][0]["from"] == ""


async def test_everything_a_customer_can_send(
    john: EmbeddedCustomer, meta: WebhookListener
) -> None:
    first = john.write("Hello", to=OTHER_SENDER)
    john.write("Really?", replies_to=first)
    john.edit(first, "Good morning")
    john.revoke(first)
    john.unreact(first)
    john.send_media("document", b"%PDF", "application/pdf", filename="order.pdf")
    john.send_media("audio", b"OggS", "audio/ogg")
    john.send_location(18.5, 73.8, "Office")
    john.send_contact("Mei Tanaka", "819012345678")
    john.send_order(("sku-1", 2, 99.5))
    john.answer_flow(first, {"size": "L"})
    john.send_unsupported()
    john.change_device()
    john.share_number()
    got = [change(delivery.json)[1] for delivery in await meta.wait_for_requests(14)]
    by_type = {value["messages"][0]["type"]: value["messages"][0] for value in got}
    assert by_type.keys() == {
        *("text", "edit", "revoke", "reaction", "document", "audio", "location", "contacts"),
        *("order", "interactive", "unsupported", "system"),
    }
    assert {value["metadata"]["phone_number_id"] for value in got} == {SENDER, OTHER_SENDER}
    assert by_type["document"]["document"]["filename"] == "order.pdf"
    assert by_type["reaction"]["reaction"]["emoji"] == ""
    assert (john.phone[0].text, john.phone[0].is_revoked) == ("Good morning", True)


async def test_chakras_format_repeats_messages_and_echoes_only(
    chakra: EmbeddedChakra, john: EmbeddedCustomer, meta: WebhookListener
) -> None:
    async with serve_listener() as listener:
        chakra.set_event_webhook(listener.url)
        wamid = john.write("Hi")
        john.hear_by_hand("Yes")
        john.stop_marketing()
        john.pass_to_agent()
        await meta.wait_for_requests(4)
        events = {got.json["event"]: got.json["payload"] for got in listener.requests}
        await chakra.settle()
    assert events.keys() == {"message", "smb_message_echo"}
    documented = read_doc("webhook-chakra.message")["payload"]
    assert describe_shape(events["message"]) == describe_shape(documented)
    assert events["message"]["externalId"] == wamid


async def test_deliveries_merged_repeated_and_reversed(
    chakra: EmbeddedChakra, john: EmbeddedCustomer, asha: EmbeddedCustomer, meta: WebhookListener
) -> None:
    chakra.hold_webhooks()
    john.write("one")
    john.write("two")
    asha.write("three", to=OTHER_SENDER)
    chakra.release_webhooks(is_merged=True, times=2)
    first, second = [got.json for got in await meta.wait_for_requests(2)]
    assert first == second
    values = [found["value"] for found in first["entry"][0]["changes"]]
    assert [len(value["messages"]) for value in values] == [2, 1]
    assert len(values[0]["contacts"]) == 1


async def test_recipient_is_forwarded_only_if_chosen(
    chakra: EmbeddedChakra, client: ApiClient, asha: EmbeddedCustomer, meta: WebhookListener
) -> None:
    asha.write("Hello")
    words = {"messaging_product": "whatsapp", "type": "text", "text": {"body": "Hi"}}
    named = {**words, "recipient_type": "individual", "recipient": USER_ID}
    assert read_code(await client.request("POST", MESSAGES, json=named)) == 100
    chakra.set_recipient_forwarding(is_forwarded=True)
    assert (await client.request("POST", MESSAGES, json=named)).status == 200
    assert [message.text for message in asha.received] == ["Hi"]
    template = next(
        template for template in chakra.templates if template.category == "AUTHENTICATION"
    )
    otp = {**build_meta_send(template.name, template.language), "to": None, "recipient": USER_ID}
    assert read_code(await client.request("POST", MESSAGES, json=otp)) == 131062
    stranger = {**named, "recipient": "IN.1"}
    assert read_code(await client.request("POST", MESSAGES, json=stranger)) == 131009


async def test_user_id_in_to_is_accepted_and_dropped(
    chakra: EmbeddedChakra, client: ApiClient, asha: EmbeddedCustomer
) -> None:
    words = {"messaging_product": "whatsapp", "to": USER_ID, "text": {"body": "Hi"}}
    assert (await client.request("POST", MESSAGES, json=words)).status == 200
    assert not chakra.sends
    assert not asha.received


async def test_statuses_of_a_send_without_number(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock, asha: EmbeddedCustomer
) -> None:
    asha.write("Hello")
    chakra.set_recipient_forwarding(is_forwarded=True)
    words = {"messaging_product": "whatsapp", "recipient": USER_ID, "text": {"body": "Hi"}}
    async with serve_listener() as listener:
        chakra.set_passthrough_webhook(listener.url)
        await client.request("POST", MESSAGES, json=words)
        await clock.advance(0.6)
        await listener.wait_for_requests(1)
        await clock.advance(0.6)
        (_, delivered) = [got.json for got in await listener.wait_for_requests(2)]
        await chakra.settle()
    documented = change(read_doc("webhook-meta.status-without-number"))[1]
    value = change(delivered)[1]
    assert value["statuses"][0]["pricing"].pop("billable")
    assert value["statuses"][0]["pricing"]["category"] == "service"
    assert describe_shape(value) == describe_shape(documented)
    assert asha.received[0].status == "delivered"


async def test_window_of_each_number(
    client: ApiClient, clock: ManualClock, john: EmbeddedCustomer
) -> None:
    body = {"messaging_product": "whatsapp", "to": "919911223344", "text": {"body": "Hi"}}
    other = MESSAGES.replace(SENDER, OTHER_SENDER)
    wamid = john.write("Hello")
    assert (await client.request("POST", MESSAGES, json=body)).status == 200
    assert read_code(await client.request("POST", other, json=body)) == 131047
    await clock.advance(24 * 3600)
    john.react(wamid)
    assert read_code(await client.request("POST", MESSAGES, json=body)) == 131047


async def test_read_marks_and_typing(client: ApiClient, john: EmbeddedCustomer) -> None:
    first, second = john.write("Hello"), john.write("Anyone?")
    mark = {"messaging_product": "whatsapp", "status": "read", "message_id": first}
    typing = {"typing_indicator": {"type": "text"}}
    heard = await client.request("POST", MESSAGES, json={**mark, **typing})
    assert heard.json == {"success": True}
    assert [message.status for message in john.phone] == ["read", ""]
    assert SENDER in john.typing_until
    assert (
        await client.request("POST", MESSAGES, json={**mark, "message_id": second})
    ).status == 200
    wrong = ({**mark, "message_id": "wamid.x"}, {**mark, "typing_indicator": {"type": "audio"}})
    for body in wrong:
        assert read_code(await client.request("POST", MESSAGES, json=body)) == 100


async def test_marketing_fails_after_stop(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock, john: EmbeddedCustomer
) -> None:
    template = chakra.create_template(
        name="sale",
        language="en",
        category="MARKETING",
        components=[{"type": "BODY", "text": "Hi"}],
    )
    john.stop_marketing()
    body = build_meta_send(template.name, "en") | {"to": john.identity.phone}
    await client.request("POST", MESSAGES, json=body)
    await clock.advance(1)
    assert john.phone[-1].status == "failed"
    assert not john.received


async def test_buttons_can_be_pressed(
    client: ApiClient, john: EmbeddedCustomer, meta: WebhookListener
) -> None:
    john.write("Hello")
    buttons = [{"type": "reply", "reply": {"id": "opt_yes", "title": "Yes"}}]
    body = {
        "messaging_product": "whatsapp",
        "to": john.identity.phone,
        "type": "interactive",
        "interactive": {"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}},
    }
    await client.request("POST", MESSAGES, json=body)
    john.press("Yes")
    await compare(meta, "interactive-reply", 2, title="Yes")
    with pytest.raises(LookupError):
        john.press("No")


async def test_media_of_customers_end_after_a_week(
    client: ApiClient, clock: ManualClock, john: EmbeddedCustomer
) -> None:
    john.send_picture()
    media_id = john.phone[0].message["image"]["id"]
    path = f"/v1/whatsapp/v24.0/media/{media_id}"
    found = await client.get(path)
    assert (found.json["mime_type"], found.json["id"]) == ("image/png", media_id)
    await clock.advance(7 * 86_400)
    assert read_code(await client.get(path)) == 100


async def test_other_changes(chakra: EmbeddedChakra, meta: WebhookListener) -> None:
    chakra.push_change("account_update", {"event": "DISABLED_UPDATE"})
    body = await get_last_body(meta)
    assert change(body) == ("account_update", {"event": "DISABLED_UPDATE"})
    assert isinstance(body["entry"][0]["time"], int)
    account_changes.change_daily_limit(chakra, 250)
    account_changes.restrict_account(chakra, 1_700_000_000)
    account_changes.review_account(chakra, "APPROVED")
    fields = [change(got.json)[0] for got in await meta.wait_for_requests(4)]
    assert sorted(fields[1:]) == [
        "account_review_update",
        "account_update",
        "business_capability_update",
    ]


async def test_announced_category_comes_after_a_day(
    chakra: EmbeddedChakra, clock: ManualClock, meta: WebhookListener
) -> None:
    chakra.update_template("order_update", "en_US", correct_category="MARKETING")
    await compare(meta, "template-category-impending", 1, correct_category="MARKETING")
    await clock.advance(86_400)
    await compare(meta, "template-category-done", 2, new_category="MARKETING")
    assert chakra.find_template("order_update", "en_US").category == "MARKETING"


async def test_chats_and_their_messages(
    chakra: EmbeddedChakra, client: ApiClient, john: EmbeddedCustomer, asha: EmbeddedCustomer
) -> None:
    john.write("Hi, can you please help me out with an issue")
    asha.write("Hello")
    await client.request(
        "POST", MESSAGES, json=build_meta_send("hello_world", "en_US") | {"to": "919911223344"}
    )
    body = {"customerPhoneNumber": "919911223344", "limit": 10, "page": 1}
    path = "/v1/ext/plugin/whatsapp/list-chat-messages-for-phone-number"
    found = (await client.request("POST", path, json=body)).json
    documented = read_doc("list-messages-for-phone.response")
    assert [message["direction"] for message in found["_data"]] == ["OUTBOUND", "INBOUND"]
    assert found["_meta"] == documented["_meta"]
    assert found["_data"][1].keys() == documented["_data"][0].keys()
    chats = await client.request("POST", "/v1/ext/chat", json=read_doc("list-chats.request"))
    by_name = {chat["contact"]["name"]: chat for chat in chats.json["_data"]}
    assert by_name["John"].keys() == read_doc("list-chats.response")["_data"][0].keys()
    assert by_name["Asha Rao"]["contact"]["phone"] is None
    inside = f"/v1/ext/chat/{by_name['Asha Rao']['id']}/message"
    messages = await client.request("POST", inside, json=read_doc("list-chat-messages.request"))
    assert [message["text"] for message in messages.json["_data"]] == ["Hello"]
    for wrong in ({}, {**body, "page": 0}, {**body, "limit": 101}):
        assert (await client.request("POST", path, json=wrong)).status == 400
    assert (await client.request("POST", "/v1/ext/chat/x/message", json={})).status == 404
