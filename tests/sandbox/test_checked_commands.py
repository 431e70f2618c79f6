"""A command that shows what it does not list fails immediately, with the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.context import Context
from bot.sandbox.checked_commands import UnlistedIdError, check_commands, check_reply
from bot.slack import blocks
from bot.slack.commands.command import Command, CommandRequest
from bot.slack.commands.registry import build_registry
from bot.slack.commands.reply import CloseForm, Message, OpenForm, Reply, UpdateForm
from commands import COMMANDS
from tests.conftest import OpenSandbox
from tests.slack.router_commands import ROUTER_COMMANDS

REGISTRY = build_registry(ROUTER_COMMANDS)


def build_message(*elements: Mapping[str, Any]) -> Message:
    return Message("Hi", (blocks.actions(*(dict(element) for element in elements)),))


def build_form(callback_id: str, *content: Mapping[str, Any]) -> dict[str, Any]:
    return blocks.form_modal(callback_id, "A form", "Save", [dict(block) for block in content])


MENU = {
    "type": "input",
    "block_id": "b",
    "label": blocks.plain_text("Who", 10),
    "element": {"type": "external_select", "action_id": "stage.unlisted"},
}


@pytest.mark.parametrize(
    ("reply", "remedy"),
    [
        (build_message(blocks.button("Go", "stage.gone")), r"Action\('stage.gone', …\) to actions"),
        (OpenForm(build_form("stage.gone")), r"Form\('stage.gone', …\) to forms"),
        (UpdateForm(build_form("stage.gone")), r"Form\('stage.gone', …\) to forms"),
        (OpenForm(build_form("stage.submit", MENU)), r"Options\('stage.unlisted', …\) to options"),
        (
            CloseForm("Done.", follow_up=build_message(blocks.button("Go", "stage.gone"))),
            r"in commands/stage.py",
        ),
    ],
)
def test_what_is_not_listed_is_named_with_the_remedy(reply: Reply, remedy: str) -> None:
    with pytest.raises(UnlistedIdError, match=remedy):
        check_reply(reply, REGISTRY)


@pytest.mark.parametrize(
    "reply",
    [
        build_message(
            blocks.button("Again", "stage.again"), blocks.button("Again", "stage.again:2")
        ),
        build_message(blocks.button("Help", "help.run:say")),
        build_message({**blocks.button("Open", "stage.link"), "url": "https://example.com"}),
        OpenForm(
            build_form("stage.submit", blocks.text_field("name", "Name", action="stage.name"))
        ),
        OpenForm(blocks.info_modal("Note", [])),
        CloseForm("Done."),
    ],
)
def test_what_is_listed_or_never_sent_passes(reply: Reply) -> None:
    check_reply(reply, REGISTRY)


def test_the_products_commands_stay_themselves() -> None:
    assert [command.name for command in check_commands(COMMANDS)] == [c.name for c in COMMANDS]


async def test_the_person_gets_an_immediate_reply_and_the_log_has_the_remedy(
    open_sandbox: OpenSandbox,
) -> None:
    async def run(_: CommandRequest, __: Context) -> Reply:
        return build_message(blocks.button("Go", "forgetful.go"))

    forgetful: Command[Context] = Command(
        name="forgetful", summary="x", usage="forgetful", example="/chakra forgetful", run=run
    )
    async with open_sandbox((forgetful,)) as world:
        with capture_logs() as lines:
            await world.slack.type("U0MEI", "C0SALES", "/chakra forgetful")
            await world.settle()
    [line] = [line for line in lines if line.get("exc_info")]
    assert "Action('forgetful.go', …)" in str(line["exc_info"])
