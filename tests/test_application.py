"""The workspaces of a process: rows that are adopted, and work that ends with the token."""

from __future__ import annotations

from structlog.testing import capture_logs

from bot.db.adoption import adopt_rows
from bot.db.engine import Database
from bot.outbox.message import OutboxMessage
from bot.outbox.repository import WITHDRAWN, Posts
from bot.slack.commands.reply import Message
from tests.clock import ManualClock
from tests.world import World


def build_message(key: str, text: str = "Hello") -> OutboxMessage:
    return OutboxMessage(key=key, channel="C0SALES", message=Message(text), member="U0JOHN")


async def test_workspaces_do_not_see_each_others_posts(database: Database) -> None:
    acme, globex = Posts(database, "T0ACME"), Posts(database, "T0GLOBEX")
    await acme.enqueue([build_message("report")], 1000)
    await globex.enqueue([build_message("report", "Other")], 1000)
    first, second = await acme.find_by_key("report"), await globex.find_by_key("report")
    assert first is not None
    assert second is not None
    assert (first.id != second.id, "Hello" in first.content, "Other" in second.content) == (
        True,
        True,
        True,
    )
    assert await acme.find_next_per_channel() == [first]
    await acme.close("report", WITHDRAWN, 1001)
    assert await globex.find_next_per_channel() == [second]


async def test_rows_without_a_workspace_are_adopted_once(database: Database) -> None:
    await Posts(database).enqueue([build_message("old")], 1000)
    await Posts(database, "T0GLOBEX").enqueue([build_message("other")], 1000)
    for _ in range(2):
        await adopt_rows(database, "T0ACME")
    assert [post.key for post in await Posts(database, "T0ACME").find_next_per_channel()] == ["old"]
    assert [post.key for post in await Posts(database, "T0GLOBEX").find_next_per_channel()] == [
        "other"
    ]
    assert await Posts(database).find_by_key("old") is None


async def test_a_stopped_workspace_answers_nothing_and_posts_nothing(
    acme: World, clock: ManualClock
) -> None:
    bot = acme.bot
    with capture_logs() as lines:
        for _ in range(2):
            await bot.stop_workspace(bot.workspace.team_id, "tokens_revoked")
    assert [line["reason"] for line in lines if line["event"] == "workspace_revoked"] == [
        "tokens_revoked"
    ]
    await clock.advance(10)
    await Posts(bot.database, bot.workspace.team_id).enqueue([build_message("late")], clock.time())
    posted = len(acme.slack.list_messages("U0JOHN", "C0SALES"))
    await acme.slack.mention("U0JOHN", "C0SALES", "help")
    await clock.advance(60)
    await acme.settle()
    assert len(acme.slack.list_messages("U0JOHN", "C0SALES")) == posted + 1  # the mention itself
    assert (await bot.context.health.check_slack()).problem == "tokens_revoked"
