"""What customers write, as threads of a channel in the embedded Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import insert, update

from bot.conversations.presenter import render_mentions
from bot.db.customer_tables import conversations, customers
from bot.db.engine import Database
from bot.sandbox.slack import collect_text
from bot.sandbox.slack.exchange_log import ApiCall
from tests.conversations.stage import (
    ASHA,
    MEI,
    Stage,
    build_message,
    build_text,
    open_stage,
    read_visible_values,
)
from tests.outbox.harness import SALES, SUPPORT


@pytest.fixture
async def stage(sqlite: Database) -> AsyncIterator[Stage]:
    async with open_stage(sqlite) as stage:
        yield stage


async def test_first_message_opens_a_thread_with_its_words(stage: Stage) -> None:
    await stage.receive(build_text("Does it come in <blue>?"))
    shown = stage.read_parent_text()
    assert "Asha Rao" in shown
    assert "+91 •••••• 3210" in shown
    assert "Does it come in &lt;blue&gt;?" in shown
    assert "Can be answered until <!date^" in shown
    assert "Unassigned" in shown
    assert "9876543210" not in str(stage.harness.slack.slack.calls)
    assert stage.list_replies() == ["*Asha Rao*\nDoes it come in &lt;blue&gt;?"]


async def test_later_messages_continue_the_thread(stage: Stage) -> None:
    await stage.receive(build_text("Hello"))
    await stage.receive(build_text("Are you there?", "wamid.2"), mentions=["U0MEI"])
    assert "Are you there?" in stage.read_parent_text()
    assert "Hello" not in stage.read_parent_text()
    assert len(stage.list_replies()) == 2
    assert not any("U0MEI" in reply for reply in stage.list_replies())
    assert not any(call.args.get("reply_broadcast") for call in post_calls(stage))


async def test_message_after_a_resolution_shows_in_the_channel(stage: Stage) -> None:
    await stage.receive(build_text("Hello"), mentions=["U0MEI"])
    assert "<@U0MEI>" in stage.list_replies()[0]
    async with stage.harness.database.begin() as connection:
        await connection.execute(update(conversations).values(state="resolved"))
    await stage.receive(build_text("One more thing", "wamid.2"), mentions=["U0MEI", "here"])
    assert post_calls(stage)[-1].args["reply_broadcast"] is True
    assert "<@U0MEI> <!here>" in stage.list_replies()[1]
    assert "Resolved" not in stage.read_parent_text()


async def test_channel_in_reply_mode_has_a_button_on_each_message(stage: Stage) -> None:
    stage.takes_replies = True
    await stage.receive(build_text("Hello"))
    assert read_visible_values(stage.list_thread()[0]) == {"chat.reply": "Reply"}
    assert read_visible_values(stage.list_parents()[0])["chat.reply"] == "Reply"
    stage.takes_replies = False
    await stage.receive(build_text("Hello?", "wamid.2"))
    assert "chat.reply" not in read_visible_values(stage.list_parents()[0])


async def test_event_presented_twice_is_posted_once(stage: Stage) -> None:
    recorded = await stage.receive(build_text("Hello"))
    await stage.present(recorded)
    assert len(stage.list_parents()) == len(stage.list_replies()) == 1


async def test_customer_without_a_number_is_shown_by_username(stage: Stage) -> None:
    await stage.receive(
        {**build_text("Hi"), "from": "", "from_user_id": "JP.1"}, customer_id=MEI.id
    )
    assert ":speech_balloon: @mei.tanaka\n" in stage.read_parent_text()
    assert stage.list_replies() == ["@mei.tanaka\nHi"]


async def test_two_of_our_numbers_share_one_thread(stage: Stage) -> None:
    stage.numbers.update({"1": "Acme Sales", "2": "Acme Support"})
    await stage.receive(build_text("Hello"), number_id="1")
    await stage.receive(build_text("And you?", "wamid.2"), number_id="2")
    assert "to Acme Support" in stage.read_parent_text()
    assert ["to Acme Sales" in reply for reply in stage.list_replies()] == [True, False]


async def test_each_channel_has_its_thread(stage: Stage) -> None:
    await stage.receive(build_text("Hello"))
    await stage.receive(build_text("Help", "wamid.2"), channel=SUPPORT)
    assert "Hello" in stage.read_parent_text()
    assert "Help" in stage.read_parent_text(SUPPORT)


async def test_changed_number_continues_the_thread(stage: Stage, sqlite: Database) -> None:
    await stage.receive(build_text("Hello"))
    async with sqlite.begin() as connection:
        columns = {"workspace": "", "created_at": 0.0, "changed_at": 0.0}
        await connection.execute(insert(customers).values(id=3, merged_into=9, **columns))
    stage.recorded.people[9] = replace(ASHA, id=9, phone="919876500000")
    system = {
        "type": "user_changed_number",
        "wa_id": "919876500000",
        "user_id": "IN.2",
        "previous_user_id": "IN.1",
    }
    await stage.receive(build_message("wamid.2", "system", system), customer_id=9)
    await stage.receive(build_text("It's me", "wamid.3"), customer_id=9)
    assert "+91 •••••• 0000" in stage.read_parent_text()
    assert "Asha Rao has a new number: +91 •••••• 3210 → +91 •••••• 0000" in stage.list_replies()[1]
    assert len(stage.list_replies()) == 3


async def test_threads_of_one_person_are_joined(stage: Stage, sqlite: Database) -> None:
    await stage.receive(build_text("Hello"))
    await stage.receive(build_text("It's me, Asha", "wamid.2"), customer_id=MEI.id)
    async with sqlite.begin() as connection:
        columns = {"workspace": "", "created_at": 0.0, "changed_at": 0.0}
        await connection.execute(insert(customers).values(id=4, merged_into=3, **columns))
    system = {"type": "user_changed_number", "wa_id": "919876500000", "user_id": "IN.2"}
    await stage.receive(build_message("wamid.3", "system", system))
    kept, closed = stage.list_parents()
    assert "Unassigned" in collect_text(kept)
    assert "Resolved" in collect_text(closed)
    assert [item.thread_ts for item in stage.list_thread() if "same person" in item.text] == [
        closed.ts
    ]
    await stage.receive(build_text("Thanks", "wamid.4"))
    assert stage.list_thread()[-1].thread_ts == kept.ts


@pytest.mark.parametrize("kind", ["reaction", "edit", "revoke", "system", "echo"])
async def test_only_a_message_opens_a_thread(stage: Stage, kind: str) -> None:
    if kind == "echo":
        echo = {**build_text("By hand"), "to": ASHA.phone}
        await stage.receive(echo, name="smb_message_echoes")
    else:
        await stage.receive(
            build_message("wamid.2", kind, {"message_id": "wamid.1", "emoji": "👍"})
        )
    assert stage.harness.list_messages(SALES) == []


async def test_edited_message_shows_both_texts(stage: Stage) -> None:
    await stage.receive(build_text("In bleu"))
    content = {
        "original_message_id": "wamid.1",
        "message": {"type": "text", "text": {"body": "In blue"}},
    }
    await stage.receive(build_message("wamid.2", "edit", content))
    [reply] = stage.list_replies()
    assert "*Asha Rao*\nIn blue" in reply
    assert "before: “In bleu”" in reply
    assert "In blue" in stage.read_parent_text()
    assert "In bleu" not in stage.read_parent_text()


async def test_deleted_message_loses_its_text_and_buttons(stage: Stage) -> None:
    await stage.receive(build_message("wamid.1", "image", {"id": "7", "caption": "My card"}))
    assert read_visible_values(stage.list_thread()[0]) == {"chat.file": "Show picture"}
    await stage.receive(build_message("wamid.2", "revoke", {"original_message_id": "wamid.1"}))
    assert stage.list_replies() == ["*Asha Rao*\n_Deleted by the customer_"]
    assert read_visible_values(stage.list_thread()[0]) == {}
    assert "My card" not in stage.read_parent_text()


async def test_deletion_by_another_customer_changes_nothing(stage: Stage) -> None:
    await stage.receive(build_text("Hello"))
    await stage.receive(build_text("Hi", "wamid.2"), customer_id=MEI.id)
    revoke = build_message("wamid.3", "revoke", {"original_message_id": "wamid.1"})
    await stage.receive(revoke, customer_id=MEI.id)
    assert stage.list_replies()[0] == "*Asha Rao*\nHello"


async def test_reactions_are_shown_with_the_message(stage: Stage) -> None:
    await stage.receive(build_text("Hello"))
    for number, emoji in enumerate(["👍", "❤️"], 2):
        reaction = {"message_id": "wamid.1", "emoji": emoji}
        await stage.receive(build_message(f"wamid.{number}", "reaction", reaction))
    [reply] = stage.list_replies()
    assert "❤️ by Asha Rao" in reply
    assert "👍" not in reply
    gone = {"message_id": "wamid.1", "emoji": ""}
    await stage.receive(build_message("wamid.9", "reaction", gone))
    assert stage.list_replies() == ["*Asha Rao*\nHello"]


async def test_reaction_to_a_message_of_ours_is_a_line(stage: Stage) -> None:
    stage.sent.lines["wamid.ours"] = "the template order_update"
    await stage.receive(build_text("Hello"))
    reaction = {"message_id": "wamid.ours", "emoji": "👍"}
    await stage.receive(build_message("wamid.2", "reaction", reaction))
    assert stage.list_replies()[1] == "Asha Rao: Reacted with 👍 to the template order_update"


async def test_answer_to_an_earlier_message_quotes_it(stage: Stage) -> None:
    stage.sent.lines["wamid.ours"] = "the template order_update"
    await stage.receive(build_text("First"))
    await stage.receive(build_text("Second", "wamid.2", context={"id": "wamid.1"}))
    await stage.receive(build_text("Third", "wamid.3", context={"id": "wamid.ours"}))
    await stage.receive(build_text("Fourth", "wamid.4", context={"id": "wamid.unknown"}))
    assert "Asha Rao: First\n" in stage.list_replies()[1]
    assert "the template order_update" in stage.list_replies()[2]
    assert "an earlier message" in stage.list_replies()[3]


async def test_quote_follows_what_becomes_of_the_message(stage: Stage) -> None:
    await stage.receive(build_text("My card is 4111"))
    await stage.receive(build_text("Did you get it?", "wamid.2", context={"id": "wamid.1"}))
    content = {"original_message_id": "wamid.1", "message": build_text("My card")}
    await stage.receive(build_message("wamid.3", "edit", content))
    assert "Asha Rao: My card\n" in stage.list_replies()[1]
    await stage.receive(build_message("wamid.4", "revoke", {"original_message_id": "wamid.1"}))
    assert "My card" not in str(stage.list_replies())
    assert "Asha Rao: _Deleted by the customer_\n" in stage.list_replies()[1]
    assert "Did you get it?" in stage.list_replies()[1]
    assert len(stage.list_replies()) == 2


async def test_echo_of_the_phone_app_answers_the_customer(stage: Stage) -> None:
    await stage.receive(build_text("Hello"))
    assert (await stage.get_conversation()).unanswered_since
    echo = {**build_text("We are here", "wamid.2"), "to": ASHA.phone}
    await stage.receive(echo, name="smb_message_echoes")
    assert stage.list_replies()[1] == "*From the phone app*\nWe are here"
    assert (await stage.get_conversation()).unanswered_since == 0
    assert "Hello" in stage.read_parent_text()


async def test_standby_says_who_has_the_conversation(stage: Stage) -> None:
    await stage.receive(build_text("Hello"), name="standby")
    assert "Meta's agent has this conversation" in stage.list_replies()[0]


async def test_giant_text_is_cut_with_a_button(stage: Stage) -> None:
    await stage.receive(build_text("<" * 60_000))
    [reply] = stage.list_replies()
    assert "more characters)" in reply
    assert read_visible_values(stage.list_thread()[0]) == {"chat.read": "Read all"}


async def test_text_cannot_mention_or_link(stage: Stage) -> None:
    await stage.receive(build_text("<!channel> <@U0MEI> call +91 98765 43210 or a@b.example"))
    [reply] = stage.list_replies()
    assert "<!channel>" not in reply
    assert "<@U0MEI>" not in reply
    assert "98765" not in reply
    assert "a@b.example" not in reply


async def test_links_have_no_previews(stage: Stage) -> None:
    await stage.receive(build_text("Look: https://evil.example/picture.png"))
    for call in post_calls(stage):
        assert (call.args["unfurl_links"], call.args["unfurl_media"]) == (False, False)


async def test_old_message_shows_when_it_was_written(stage: Stage) -> None:
    await stage.receive({**build_text("Hello"), "timestamp": str(int(stage.now - 4_000))})
    assert "written <!date^" in stage.list_replies()[0]


async def test_message_without_a_sender_is_shown_alone(stage: Stage) -> None:
    await stage.receive({**build_text("Hello"), "from": ""}, customer_id=0)
    assert stage.read_parent_text() == "*A customer*\nHello"


async def test_lead_is_shown_where_there_is_one(stage: Stage) -> None:
    stage.leads.keys[ASHA.phone] = "LEAD-004038"
    await stage.receive(build_text("Hello"))
    assert "lead LEAD-004038" in stage.read_parent_text()


async def test_thread_begins_again_if_slack_refused_the_first_message(stage: Stage) -> None:
    stage.harness.slack.slack.workspace.archive(SALES)
    await stage.receive(build_text("Hello"))
    assert stage.harness.list_messages(SALES) == []
    stage.harness.slack.slack.workspace.unarchive(SALES)
    await stage.receive(build_text("Still there?", "wamid.2"))
    assert "Still there?" in stage.read_parent_text()
    assert len(stage.list_replies()) == 1


def test_mentions_are_slacks_own() -> None:
    assert render_mentions(["U1", "S1", "here", "<!x>"]) == "<@U1> <!subteam^S1> <!here>"


def post_calls(stage: Stage) -> list[ApiCall]:
    return stage.harness.list_calls("chat.postMessage")
