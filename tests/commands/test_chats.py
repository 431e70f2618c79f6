"""Stories of Chakra's own chats: listed, searched by name, and read page by page."""

from __future__ import annotations

import pytest

from bot.sandbox.chakra.faults import EmptyBody, StatusResponse
from bot.sandbox.slack import collect_text
from tests.commands.chat_scenarios import open_channel, pass_seconds
from tests.endpoints import reaches
from tests.people import JOHN, MEI, SALES
from tests.shared_world import shared_world
from tests.world import World

LIST = "POST /v1/ext/chat"
MESSAGES = "POST /v1/ext/chat/{chatId}/message"
FOR_PHONE = "POST /v1/ext/plugin/whatsapp/list-chat-messages-for-phone-number"


def list_bodies(acme: World, path: str) -> list[object]:
    return [request.json for request in acme.chakra.requests if request.path.endswith(path)]


async def add(acme: World, name: str, phone: str, *texts: str, hidden: bool = False) -> None:
    """Let a customer write, who perhaps shows no number."""
    customer = acme.chakra.customers.add(
        name, phone, username="zed" if hidden else "", hides_number=hidden
    )
    for text in texts:
        customer.write(text)
    await pass_seconds(acme, 5)


@reaches("POST /v1/ext/chat", "chats.list", title="List Chats", by="`/chakra chat list`")
async def test_chats_are_listed_and_opened(acme: World) -> None:
    await add(acme, "Zora Bell", "12025550150", "Is it open today?")
    shown = collect_text(await acme.type("/chakra chat list"))
    for text in ("Chats in Chakra", "*Zora Bell*", "+1 202-555-0150", "open"):
        assert text in shown
    assert list_bodies(acme, "/ext/chat")[0] == {
        "orderField": "createdAt",
        "orderDirection": "desc",
        "limit": 10,
        "page": 1,
    }
    await acme.press("chat.open:0")
    assert "Is it open today?" in collect_text(acme.find_shown())


async def test_long_list_has_pages(acme: World) -> None:
    for number in range(12):
        await add(acme, f"Customer {number:02}", f"120255502{number:02}", "Hello")
    await acme.type("/chakra chats list")
    await acme.press("chat.list:next")
    assert "Customer 00" in collect_text(acme.find_shown())
    await acme.press("chat.list:previous")
    assert "Customer 11" in collect_text(acme.find_shown())


async def test_older_messages_are_on_further_pages(acme: World) -> None:
    await add(acme, "Zora Bell", "12025550150", *(f"Message {n:02}" for n in range(45)))
    first = collect_text(await acme.type("/chakra chat +1 202 555 0150"))
    assert "Message 44" in first
    assert "Message 24" not in first
    await acme.press("chat.open:next")
    second = collect_text(acme.find_shown())
    assert "page 2" in second
    assert "Message 24" in second
    await acme.press("chat.open:next")
    third = collect_text(acme.find_shown())
    assert "Message 04" in third
    assert "Older messages" not in third
    await acme.press("chat.open:previous")
    assert "Message 24" in collect_text(acme.find_shown())


@reaches(
    "POST /v1/ext/chat/{chatId}/message",
    "chats.list_messages",
    title="List Chat Messages For A Chat",
    by="`/chakra chat <name>` of a customer whose number WhatsApp doesn't show",
)
@pytest.mark.parametrize("typed", ["chat Zora", "chat zora bell", "chat bell"])
async def test_customer_without_a_number_is_found_by_name(acme: World, typed: str) -> None:
    await add(acme, "Zora Bell", "12025550150", "Is it open today?", hidden=True)
    shown = collect_text(await acme.type(f"/chakra {typed}"))
    assert "Messages with *Zora Bell*" in shown
    assert "Is it open today?" in shown
    assert "doesn't show this customer's number" in shown
    assert acme.chakra.count(MESSAGES) == 1


async def test_several_chats_of_a_name_are_a_choice(acme: World) -> None:
    await add(acme, "Zora Bell", "12025550150", "One", hidden=True)
    await add(acme, "Zora Quist", "12025550151", "Two")
    shown = collect_text(await acme.type("/chakra chat zora"))
    assert 'with "zora"' in shown
    assert "Zora Bell" in shown
    await acme.press("chat.open:0")
    assert "Two" in collect_text(acme.find_shown())


async def test_thread_of_a_customer_without_a_number_has_chakras_messages(acme: World) -> None:
    await add(acme, "Zora Bell", "12025550150", "Before the channel", hidden=True)
    await open_channel(acme)
    [customer] = [each for each in acme.chakra.customers if each.identity.username == "zed"]
    customer.write("After it")
    await pass_seconds(acme, 5)
    await acme.press("chat.history")
    shown = collect_text(acme.slack.list_messages(JOHN, SALES)[-1])
    assert "Before the channel" in shown
    assert "After it" in shown


async def test_lead_by_key_and_by_name_leads_to_its_chat(acme: World) -> None:
    await add(acme, "Aarav", "919876543210", "Hello from Pune")
    for typed in ("LEAD-004038", "lead LEAD-004038", "lead aarav"):
        assert "Hello from Pune" in collect_text(await acme.type(f"/chakra chat {typed}"))


@shared_world
@pytest.mark.parametrize("typed", ["chat zzqq", "chat NOPE-99"])
async def test_what_cannot_be_found_is_named(acme: World, typed: str) -> None:
    shown = collect_text(await acme.type(f"/chakra {typed}"))
    assert "Can't find" in shown
    acme.chakra.fail(LIST, StatusResponse(404))
    assert collect_text(await acme.type(f"/chakra {typed}")) == shown


@shared_world
async def test_outage_is_not_a_missing_chat(acme: World) -> None:
    acme.chakra.fail(LIST, EmptyBody())
    for typed in ("chat zzqq", "chat list"):
        assert "couldn't read Chakra's answer" in collect_text(await acme.type(f"/chakra {typed}"))


@shared_world
async def test_chakra_without_a_list_says_so(acme: World) -> None:
    acme.chakra.fail(LIST, StatusResponse(404))
    assert "doesn't list its chats" in collect_text(await acme.type("/chakra chat list"))


async def test_lead_without_a_number_is_explained(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra chat LEAD-004041"))
    assert "lead LEAD-004041 has no phone number in Chakra" in shown
    await add(acme, "Ines Ferreira", "12025550150", "Bom dia", hidden=True)
    assert "Bom dia" in collect_text(await acme.type("/chakra chat LEAD-004041"))


async def test_member_who_may_not_send_reads_no_chat(acme: World) -> None:
    await add(acme, "Zora Bell", "12025550150", "Secret")
    for typed in ("chat list", "chat zora"):
        assert "for people who may send" in collect_text(
            await acme.type(f"/chakra {typed}", by=MEI)
        )
