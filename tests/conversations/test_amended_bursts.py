"""Words that a customer changes or deletes, in messages that show several of theirs."""

from __future__ import annotations

from bot.sandbox.chakra.customer import EmbeddedCustomer
from bot.sandbox.slack import collect_text
from tests.commands.chat_scenarios import ASHA_PHONE, open_channel, pass_seconds
from tests.people import JOHN, SALES
from tests.world import World

BURST_SIZE = 40


async def receive_many(acme: World) -> tuple[EmbeddedCustomer, list[str]]:
    """Let a customer write more than a channel is shown one by one; return their messages."""
    await open_channel(acme)
    asha = acme.chakra.customers.add("Asha Rao", ASHA_PHONE)
    written = [asha.write(f"word-{number}") for number in range(BURST_SIZE)]
    await pass_seconds(acme, 30)
    return asha, written


def read_posted(acme: World) -> str:
    shown = [item for item in acme.slack.list_messages(JOHN, SALES) if not item.ephemeral]
    return "\n".join(collect_text(item) for item in shown)


async def test_a_burst_shows_edits_deletions_and_reactions(acme: World) -> None:
    asha, written = await receive_many(acme)
    replies = [item for item in acme.slack.list_messages(JOHN, SALES) if item.thread_ts]
    assert len(replies) < BURST_SIZE
    joined = next(
        index for index in range(BURST_SIZE) if f"word-{index + 1}" in collect_text(replies[-1])
    )
    asha.revoke(written[joined])
    asha.edit(written[joined + 1], "better")
    asha.react(written[joined + 2], "👍")
    await pass_seconds(acme, 30)
    shown = read_posted(acme)
    assert f"word-{joined}\n" not in shown
    assert "Deleted by the customer" in shown
    assert "better" in shown
    assert "👍 by Asha Rao" in shown
    after = [item for item in acme.slack.list_messages(JOHN, SALES) if item.thread_ts]
    assert len(after) == len(replies), "nothing is shown twice"


async def test_a_message_of_a_burst_that_becomes_a_stop_is_announced_once(acme: World) -> None:
    asha, written = await receive_many(acme)
    before = [item.ts for item in acme.slack.list_messages(JOHN, SALES) if item.thread_ts]
    asha.edit(written[-1], "STOP")
    await pass_seconds(acme, 30)
    after = [item for item in acme.slack.list_messages(JOHN, SALES) if item.thread_ts]
    [notice] = [collect_text(item) for item in after if item.ts not in before]
    assert "*Asha Rao* asked for no more messages." in notice
    assert read_posted(acme).count("asked for no more messages.") == 1


async def test_a_digest_leaves_out_what_was_deleted(acme: World) -> None:
    await acme.slack.invite_app(JOHN, SALES)
    await acme.type("/chakra notify add message hourly")
    await acme.press("notify.confirm")
    asha = acme.chakra.customers.add("Asha Rao", ASHA_PHONE)
    secret, typo = asha.write("My PIN is 12"), asha.write("In bleu")
    await pass_seconds(acme, 3_700)
    assert "My PIN is 12" in read_posted(acme)
    asha.revoke(secret)
    asha.edit(typo, "In blue")
    await pass_seconds(acme, 20)
    assert "My PIN" not in read_posted(acme)
    assert "bleu" not in read_posted(acme)
    assert "In blue" in read_posted(acme)
    listed = collect_text(await acme.press("notify.events"))
    recent = collect_text(await acme.type("/chakra notify recent"))
    for text in (listed, recent):
        assert "My PIN" not in text
        assert "bleu" not in text
