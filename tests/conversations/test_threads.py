"""What customers of the embedded Chakra do, as threads in a channel of the embedded Slack."""

from __future__ import annotations

from bot.sandbox.slack import VisibleMessage, collect_text
from tests.commands.chat_scenarios import ASHA_PHONE, pass_seconds, receive
from tests.conftest import OpenSandbox
from tests.people import JOHN, SALES
from tests.world import World


def list_parents(world: World) -> list[str]:
    return [collect_text(item) for item in _list_thread_messages(world) if _is_parent(item)]


def list_replies(world: World) -> list[str]:
    return [collect_text(item) for item in _list_thread_messages(world) if not _is_parent(item)]


def _list_thread_messages(world: World) -> list[VisibleMessage]:
    return [
        item
        for item in world.slack.list_messages(JOHN, SALES)
        if item.author == "U0CHAKRA" and not item.ephemeral
        if "chat.resolve" in str(item.blocks) or item.thread_ts
    ]


def _is_parent(item: VisibleMessage) -> bool:
    return item.thread_ts in (None, item.ts)


async def test_a_conversation_of_all_kinds_has_one_thread(acme: World) -> None:
    asha = await receive(acme, "Does it come in blue?")
    picture = asha.send_picture("Like this one")
    asha.send_location(12.9716, 77.5946, "Cubbon Park")
    asha.send_contact("Priya", "919812345678")
    asha.send_order(("SKU-1", 2, 450.0))
    asha.send_unsupported()
    asha.hear_by_hand("Yes, we have it.")
    await pass_seconds(acme, 60)
    asha.edit(picture, "Like that one")
    asha.react(picture, "👍")
    await pass_seconds(acme, 30)
    [parent] = list_parents(acme)
    assert "Asha Rao" in parent
    shown = "\n".join(list_replies(acme))
    for part in (
        "Does it come in blue?",
        "Cubbon Park",
        "Priya · +91",
        "2 × SKU-1",
        "doesn't pass on",
        "From the phone app",
    ):
        assert part in shown, part
    assert ASHA_PHONE not in str([message.blocks for message in _list_thread_messages(acme)])


async def test_a_picture_is_shown_in_the_thread(acme: World) -> None:
    asha = await receive(acme, "Look")
    wamid = asha.send_picture("My shoe")
    await pass_seconds(acme, 20)
    files = [file for item in _list_thread_messages(acme) for file in item.files]
    assert [file.is_deleted for file in files] == [False]
    asha.revoke(wamid)
    await pass_seconds(acme, 20)
    assert "My shoe" not in str(list_replies(acme))
    assert [file.is_deleted for item in _list_thread_messages(acme) for file in item.files] == [
        True
    ]


async def test_a_new_number_continues_the_thread(acme: World) -> None:
    asha = await receive(acme, "Hello")
    first = asha.phone[0].wamid
    asha.change_number("919812345678")
    await pass_seconds(acme, 10)
    asha.write("It's me")
    await pass_seconds(acme, 10)
    [parent] = list_parents(acme)
    assert "5678" in parent
    assert "has a new number" in list_replies(acme)[1]
    assert "It's me" in list_replies(acme)[2]
    asha.react(first, "👍")
    await pass_seconds(acme, 10)
    assert "👍 by Asha Rao" in list_replies(acme)[0]


async def test_a_customer_without_a_number_has_one_thread(acme: World) -> None:
    await receive(acme, "Hello")
    mei = acme.chakra.customers.add("Mei", username="mei.tanaka")
    mei.write("Hi there")
    await pass_seconds(acme, 5)
    mei.share_number()
    mei.write("That's my number")
    await pass_seconds(acme, 10)
    [shown] = [parent for parent in list_parents(acme) if "Mei" in parent]
    assert "That's my number" in shown


async def test_a_lead_is_named_once_it_is_found(acme: World) -> None:
    await receive(acme, "Hello")
    [parent] = list_parents(acme)
    assert "lead LEAD-004038" in parent
    card = await acme.press("help.run:lead")
    assert "LEAD-004038" in collect_text(card)


async def test_whole_text_and_file_are_for_one_reader(acme: World) -> None:
    asha = await receive(acme, "x" * 5_000)
    await acme.press("chat.read")
    assert str(acme.slack.find_view(JOHN)).count("x" * 100) == 50
    asha.send_picture()
    await pass_seconds(acme, 10)
    await acme.press("chat.file")
    assert [file for item in acme.slack.list_messages(JOHN, "D0JOHN") for file in item.files]


async def test_without_the_scope_a_picture_has_a_button_only(open_sandbox: OpenSandbox) -> None:
    async with open_sandbox(declined_scopes=("files:write",)) as world:
        asha = await receive(world, "Look")
        asha.send_picture("My shoe")
        await pass_seconds(world, 20)
        assert [file for item in _list_thread_messages(world) for file in item.files] == []
        answer = await world.press("chat.file")
        assert "files:write" in collect_text(answer)


async def test_previous_messages_leave_out_what_was_deleted(acme: World) -> None:
    asha = await receive(acme, "Hello")
    secret = asha.write("My PIN is 12")
    typo = asha.write("In bleu")
    await pass_seconds(acme, 10)
    asha.revoke(secret)
    asha.edit(typo, "In blue")
    await pass_seconds(acme, 10)
    shown = collect_text(await acme.press("chat.history"))
    assert "Hello" in shown
    assert "In blue" in shown
    assert "My PIN" not in shown
    assert "In bleu" not in shown
