"""Nothing is public that no one asked for: each place that posts in a channel, and who asked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.slack import collect_text
from commands import COMMANDS
from tests.people import JOHN, MEI, SALES
from tests.world import World

ROOT = Path(__file__).parents[1]
MODULES = [
    path
    for path in (*ROOT.glob("bot/**/*.py"), *ROOT.glob("commands/*.py"))
    if "sandbox" not in path.parts
]

ASKED: dict[str, str] = {
    "bot/users/card.py: render_public": "Share to channel on a user's card, or a typed share",
    "bot/templates/card.py: render_public": "Share to channel on a template's card",
    "commands/job.py: share": "Share on a job's card",
    "bot/processes/list_message.py: render_shared": "Share to channel under a list of records",
    "bot/messages/report_message.py: render_shared_card": "Share on the card of a send",
    "bot/slack/commands/help.py: render_greeting": "the person who invited the app to the channel",
}
"""The function that answers a channel -> who asked for it."""
OUTBOX: dict[str, str] = {
    "bot/jobs/watcher.py": "Watch, watch #channel, or In this channel in an upload's form",
    "bot/bulk/uploader.py": "the uploader, in a direct message",
    "bot/exports/exporter.py": "the person who asked for the export, in a direct message",
    "bot/saved_queries/scheduler.py": "the person who scheduled the query, for its channel",
    "bot/writes/ledger.py": "the person whose write was interrupted, in a direct message",
    "bot/messages/lifecycle.py": "Share… on a report, for the channel that is chosen",
    "bot/messages/reporter.py": "the sender, in a direct message",
    "bot/conversations/parents.py": "the maker of a rule, for a customer's thread",
    "bot/conversations/service.py": "the member who answers, for a customer's thread",
    "bot/conversations/file_attacher.py": "the maker of a rule, for a customer's thread",
    "bot/conversations/presenter.py": "the maker of a rule, for a customer's thread",
    "bot/conversations/reminders.py": "the maker of a rule, for a customer's thread",
    "bot/notifications/gathered_posts.py": "the maker of a rule, for the rule's channel",
    "bot/notifications/problems.py": "the maker of a rule, in a direct message",
    "bot/notifications/service.py": "a person who requests a test, for the rule's channel",
    "bot/notifications/settlement.py": "the maker of a rule, in a direct message",
}
"""The modules that hand messages to the outbox -> who asked for them, and where they go."""


def iter_public_sites() -> Iterator[str]:
    """Yield the functions that make a message for a channel."""
    for path in MODULES:
        name = path.relative_to(ROOT).as_posix()
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                keywords = {k.arg for k in ast.walk(function) if isinstance(k, ast.keyword)}
                if "to_channel" in keywords:
                    yield f"{name}: {function.name}"


def test_every_public_answer_was_asked_for() -> None:
    assert set(iter_public_sites()) == set(ASKED)


def test_every_user_of_the_outbox_is_known() -> None:
    sources = {path.relative_to(ROOT).as_posix(): path.read_text() for path in MODULES}
    assert {name for name, text in sources.items() if "outbox.enqueue(" in text} == set(OUTBOX)


LINES = [
    *(f"/chakra {command.name}" for command in COMMANDS),
    *(command.example for command in COMMANDS if command.name != "watch"),
    "/chakra",
    "/chakra help",
    "/chakra hello there",
    "/chakra +91 99999 99999",
    "/chakra zebulon",
]


@pytest.mark.parametrize("person", [JOHN, MEI])
async def test_no_line_without_share_or_watch_posts_in_the_channel(
    acme: World, person: str
) -> None:
    before = list_public_texts(acme)
    for line in LINES:
        await acme.type(line, by=person)
    assert list_public_texts(acme) == before


def list_public_texts(acme: World) -> list[str]:
    messages = acme.slack.list_messages(JOHN, SALES)
    return [collect_text(m) for m in messages if m.author == "U0CHAKRA" and not m.ephemeral]
