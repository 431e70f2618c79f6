"""Commands found by word, alias, action and form; and mistakes of an author caught at the start."""

from __future__ import annotations

import pytest

from bot.slack.commands.command import Action, Command, Form, Options, Shortcut, ShortcutRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.registry import build_registry
from bot.slack.commands.reply import NoReply
from commands import COMMANDS
from tests.slack.router_commands import (
    ROUTER_COMMANDS,
    replace_card,
    reply_with_nothing,
    search_options,
    submit_form,
)


async def run(_: ShortcutRequest, __: object) -> NoReply:
    return NoReply()


def build_command(name: str, **more: object) -> Command[object]:
    given = {
        "summary": name,
        "usage": name,
        "example": f"/chakra {name}",
        "run": reply_with_nothing,
        **more,
    }
    return Command(name=name, **given)  # type: ignore[arg-type]


def test_a_command_is_found_by_each_of_its_names() -> None:
    found = build_registry(ROUTER_COMMANDS)
    assert found.by_name["say"] is found.by_name["echo"]
    stage, action = found.actions["stage.again"]
    assert (stage.name, action.run) == ("stage", replace_card)
    assert found.forms["stage.submit"][1].submit is submit_form
    assert found.options["stage.who"][1].suggest is search_options
    assert found.commands == ROUTER_COMMANDS


def test_product_commands_form_a_valid_registry() -> None:
    found = build_registry(COMMANDS)
    assert {"user", "users", "status"} <= set(found.by_name)


@pytest.mark.parametrize(
    "commands",
    [
        [build_command("a"), build_command("a")],
        [build_command("a"), build_command("b", aliases=("a",))],
        [build_command("a", aliases=("a",))],
        [build_command("help")],
        [build_command("a", aliases=("help",))],
        [build_command("a", actions=(Action("a.x", replace_card), Action("a.x", replace_card)))],
        [
            build_command(
                "a",
                forms=(
                    Form("a.x", submit_form, needs=Permission.EDIT),
                    Form("a.x", submit_form, needs=Permission.EDIT),
                ),
            )
        ],
        [
            build_command(
                "a", options=(Options("a.x", search_options), Options("a.x", search_options))
            )
        ],
        [build_command("a", shortcuts=(Shortcut("a.x", run), Shortcut("a.x", run)))],
    ],
)
def test_duplicate_name_is_rejected(commands: list[Command[object]]) -> None:
    with pytest.raises(ValueError, match="is used twice"):
        build_registry(commands)


@pytest.mark.parametrize(
    "more",
    [
        {"actions": (Action("x", replace_card),)},
        {"actions": (Action("b.x", replace_card),)},
        {"actions": (Action("ab.x", replace_card),)},
        {"forms": (Form("submit", submit_form, needs=Permission.EDIT),)},
        {"options": (Options(".who", search_options),)},
        {"shortcuts": (Shortcut("anywhere", run),)},
    ],
)
def test_id_without_the_command_prefix_is_rejected(more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must begin with 'a' and a dot"):
        build_registry([build_command("a", **more)])


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
def test_misspelled_word_suggests_the_command(typed: str, near: str | None) -> None:
    slip = build_registry(COMMANDS).find_nearest(typed)
    assert (slip[0] if slip else None) == near


def test_misspelled_alias_suggests_its_command() -> None:
    assert build_registry(ROUTER_COMMANDS).find_nearest("ecko") == ("say", False)


def test_without_commands_there_is_still_help() -> None:
    assert build_registry([]).find_nearest("halp") == ("help", False)
