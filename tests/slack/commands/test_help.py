"""Help made from the commands: complete, copyable, fit for Slack whatever their number."""

from __future__ import annotations

import dataclasses

import pytest

from bot.sandbox.slack.limits import check_message
from bot.slack.commands import help as helping
from bot.slack.commands.command import Command
from bot.slack.commands.permissions import AccessDecision, Permission, Role
from bot.slack.commands.reply import Message
from commands import COMMANDS
from tests.slack.router_commands import ROUTER_COMMANDS, reply_with_nothing


def build_command(name: str = "say", **more: object) -> Command[object]:
    given = {
        "name": name,
        "summary": f"what {name} does",
        "usage": f"{name} <words>",
        "example": f"/chakra {name} hello",
        "run": reply_with_nothing,
        **more,
    }
    return Command(**given)  # type: ignore[arg-type]


def read_message_text(message: Message) -> str:
    return str([message.text, *message.blocks])


def assert_valid(message: Message) -> bool:
    sent = {"text": message.text, "blocks": list(message.blocks)}
    return not [finding for finding in check_message(sent) if finding.is_error]


@pytest.mark.parametrize(
    "commands", [(), COMMANDS, ROUTER_COMMANDS, tuple(build_command(f"c{n}") for n in range(60))]
)
def test_overview_lists_each_command_once_with_its_usage(
    commands: tuple[Command[object], ...],
) -> None:
    overview = helping.render_overview(commands)
    assert assert_valid(overview)
    for command in (*commands, None):
        usage = command.usage if command else helping.USAGE
        assert sum(f"`/chakra {escape(usage)}`" in str(block) for block in overview.blocks) == 1
    assert overview.text.startswith("What /chakra can do: ")


def escape(usage: str) -> str:
    return usage.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_a_command_is_complete(command: Command[object]) -> None:
    message = helping.render_command_help(command)
    assert assert_valid(message)
    assert f"`/chakra {escape(command.usage)}`" in read_message_text(message)
    assert f"`{command.example}`" in read_message_text(message)
    assert all(f"`{alias}`" in read_message_text(message) for alias in command.aliases)
    assert all(
        escape(detail)[:40] in read_message_text(message).replace("\\n", "\n")
        for detail in command.details
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_example_is_a_valid_command_line(command: Command[object]) -> None:
    assert command.example.split()[:2] == ["/chakra", command.name]
    assert command.usage.split()[0] == command.name
    assert command.summary
    assert not command.summary.endswith(".")


@pytest.mark.parametrize("permission", list(Permission))
def test_a_command_for_senders_says_so(permission: Permission) -> None:
    is_for_senders = permission not in Role.MEMBER.permissions
    text = read_message_text(helping.render_command_help(build_command(needs=permission)))
    assert ("Needs sender access." in text) is is_for_senders


def test_help_describes_itself() -> None:
    message = helping.render_help_on_help()
    assert assert_valid(message)
    assert helping.EXAMPLE in read_message_text(message)


COMMANDS_OF_EACH_ROLE = (
    build_command("open", needs=Permission.HELP),
    build_command("look", button="Look", button_action="look.form"),
    build_command("write", needs=Permission.SEND, button="Write"),
)


GUEST_REASON = "Guests can't use Chakra from Slack."


def render_welcome(
    role: Role, commands: tuple[Command[object], ...] = COMMANDS_OF_EACH_ROLE
) -> Message:
    reason = GUEST_REASON if role is Role.GUEST else ""
    return helping.render_welcome(commands, AccessDecision(role.permissions, reason=reason))


@pytest.mark.parametrize(
    ("role", "buttons", "sentences"),
    [
        (Role.GUEST, {}, (GUEST_REASON, "workspace admin")),
        (Role.MEMBER, {"Look": ""}, ("look things up", "ask an admin of this app for sender")),
        (Role.SENDER, {"Look": "", "Write": "write"}, ("send or edit in Chakra",)),
    ],
)
def test_welcome_has_the_permitted_buttons_and_says_what_the_person_may_do(
    role: Role, buttons: dict[str, str], sentences: tuple[str, ...]
) -> None:
    message = render_welcome(role)
    assert assert_valid(message)
    assert read_button_values(message) == {**buttons, "All commands": "help"}
    for sentence in sentences:
        assert sentence in read_message_text(message)


def test_front_buttons_run_a_command_or_an_action() -> None:
    look, write = render_welcome(Role.SENDER).blocks[0]["elements"]
    assert (look["action_id"], write["action_id"]) == ("look.form", "help.run:write")


def test_the_hello_for_a_channel_has_every_front_button_and_nothing_of_one_person() -> None:
    message = helping.render_greeting(COMMANDS_OF_EACH_ROLE)
    assert assert_valid(message)
    assert message.to_channel
    assert set(read_button_values(message)) == {"Look", "Write", "All commands"}
    assert "You can" not in read_message_text(message)


def read_button_values(message: Message) -> dict[str, str]:
    """Return the value of each button, by its label."""
    found = [block.get("accessory") for block in message.blocks]
    found += [element for block in message.blocks for element in block.get("elements", ())]
    return {button["text"]["text"]: button.get("value", "") for button in found if button}


def test_an_unverified_person_reads_why_only_help_is_open() -> None:
    unverified = AccessDecision(Role.GUEST.permissions, is_unverified=True)
    text = read_message_text(helping.render_welcome(COMMANDS_OF_EACH_ROLE, unverified))
    assert "couldn't verify your account" in text
    assert "Guests" not in text
    cached = AccessDecision(Role.MEMBER.permissions, is_unverified=True)
    assert "couldn't" not in read_message_text(helping.render_welcome(COMMANDS, cached))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    "commands", [(), COMMANDS, tuple(build_command(f"c{n}") for n in range(60))]
)
def test_every_welcome_is_valid_for_slack(
    role: Role, commands: tuple[Command[object], ...]
) -> None:
    assert assert_valid(render_welcome(role, commands))


def test_usage_with_angle_brackets_is_escaped() -> None:
    message = helping.render_command_help(
        dataclasses.replace(build_command(), usage="say <!channel>")
    )
    assert "<!channel>" not in read_message_text(message)
    assert "&lt;!channel&gt;" in read_message_text(message)
