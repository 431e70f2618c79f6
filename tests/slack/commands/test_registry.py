"""Commands found by word, alias, action and form; and mistakes of an author caught at the start."""

from __future__ import annotations

import pytest

from bot.slack.commands.command import Action, Command, Form, Options, Shortcut, ShortcutRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.registry import build_registry
from bot.slack.commands.reply import NoReply
from commands import COMMANDS
from tests.slack.stage import STAGE, again, nothing, submit, who


async def chosen(_: ShortcutRequest, __: object) -> NoReply:
    return NoReply()


def command(name: str, **more: object) -> Command[object]:
    given = {"summary": name, "usage": name, "example": f"/chakra {name}", "run": nothing, **more}
    return Command(name=name, **given)  # type: ignore[arg-type]


def test_a_command_is_found_by_each_of_its_names() -> None:
    found = build_registry(STAGE)
    assert found.by_name["say"] is found.by_name["echo"]
    stage, action = found.actions["stage.again"]
    assert (stage.name, action.run) == ("stage", again)
    assert found.forms["stage.submit"][1].submit is submit
    assert found.options["stage.who"][1].suggest is who
    assert found.commands == STAGE


def test_the_products_commands_go_together() -> None:
    found = build_registry(COMMANDS)
    assert {"user", "users", "status"} <= set(found.by_name)


@pytest.mark.parametrize(
    "commands",
    [
        [command("a"), command("a")],
        [command("a"), command("b", aliases=("a",))],
        [command("a", aliases=("a",))],
        [command("help")],
        [command("a", aliases=("help",))],
        [command("a", actions=(Action("a.x", again), Action("a.x", again)))],
        [
            command(
                "a",
                forms=(
                    Form("a.x", submit, needs=Permission.EDIT),
                    Form("a.x", submit, needs=Permission.EDIT),
                ),
            )
        ],
        [command("a", options=(Options("a.x", who), Options("a.x", who)))],
        [command("a", shortcuts=(Shortcut("a.x", chosen), Shortcut("a.x", chosen)))],
    ],
)
def test_a_name_used_twice_is_refused(commands: list[Command[object]]) -> None:
    with pytest.raises(ValueError, match="is used twice"):
        build_registry(commands)


@pytest.mark.parametrize(
    "more",
    [
        {"actions": (Action("x", again),)},
        {"actions": (Action("b.x", again),)},
        {"actions": (Action("ab.x", again),)},
        {"forms": (Form("submit", submit, needs=Permission.EDIT),)},
        {"options": (Options(".who", who),)},
        {"shortcuts": (Shortcut("anywhere", chosen),)},
    ],
)
def test_an_id_that_is_not_of_its_command_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must begin with 'a' and a dot"):
        build_registry([command("a", **more)])


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("usr", "user"),
        ("uesr", "user"),
        ("usres", "users"),
        ("staus", "status"),
        ("hepl", "help"),
        ("hlep", "help"),
        ("statuss", "status"),
        ("xyzzy", None),
        ("", None),
        ("a", None),
        ("!", None),
        ("x" * 8_000, None),
    ],
)
def test_a_misspelt_word_finds_the_command_that_was_meant(typed: str, near: str | None) -> None:
    assert build_registry(COMMANDS).nearest(typed) == near


def test_a_misspelt_alias_finds_its_command() -> None:
    assert build_registry(STAGE).nearest("ecko") == "say"


def test_without_commands_there_is_still_help() -> None:
    assert build_registry([]).nearest("halp") == "help"
