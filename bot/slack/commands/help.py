"""Help, generated from the commands: the overview, one command, the welcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.commands.command import Command
from bot.slack.commands.permissions import AccessDecision, Permission, Role
from bot.slack.commands.reply import Block, Message

RUN_ACTION = "help.run"
"""``action_id`` of a button that runs the command in its value."""

NAME = "help"
SUMMARY = "list all commands, or explain one"
USAGE = "help [command]"
EXAMPLE = "/chakra help user"

Commands = Sequence[Command[Any]]

WRITING = Role.SENDER.permissions - Role.MEMBER.permissions
UNVERIFIED = "We couldn't verify your account with Slack, so for now you can only read the help."
ASK_WORKSPACE_ADMIN = "Ask a workspace admin if you need it."


def describe_access(access: AccessDecision) -> str:
    """Return what the person may do, in a sentence or two."""
    if not access.allows(Permission.LOOK):
        return UNVERIFIED if access.is_unverified else f"{access.reason} {ASK_WORKSPACE_ADMIN}"
    if access.allows(Permission.SEND):
        return "You can look things up, share them, and send or edit in Chakra."
    return "You can look things up and share them."


def overview(commands: Commands) -> Message:
    """Return every command with its usage: the same for everyone, without an access check."""
    rows = [_row(command.usage, command.summary) for command in commands]
    rows.append(_row(USAGE, SUMMARY))
    return Message(
        text="What /chakra can do: " + ", ".join([*(command.name for command in commands), NAME]),
        blocks=(
            blocks.section(markup(bold("What /chakra can do"))),
            *(blocks.section(chunk) for chunk in _join_rows(rows)),
            blocks.context(
                markup("More about a command: ", code(EXAMPLE)),
                markup("Only you see the answers until you share them."),
            ),
        ),
    )


def command_help(command: Command[Any]) -> Message:
    """Return the usage of a command, what it does, an example to copy and its aliases."""
    rows = [markup(code(f"/chakra {command.usage}")), markup(_sentence(command.summary))]
    rows += [markup(detail) for detail in command.details]
    content: list[Block] = [
        blocks.section(lines(rows)),
        blocks.section(markup("For example: ", code(command.example))),
    ]
    notes = []
    if command.aliases:
        notes.append(
            markup("Also: ", Markup(", ".join([code(alias) for alias in command.aliases])))
        )
    if command.needs in WRITING:
        notes.append(markup("Needs sender access."))
    if notes:
        content.append(blocks.context(*notes))
    text = markup(f"/chakra {command.usage}: ", command.summary)
    return Message(text=text, blocks=tuple(content))


def about_help() -> Message:
    """Return the help for ``/chakra help`` itself."""
    section = lines(
        [
            code(f"/chakra {USAGE}"),
            markup(_sentence(SUMMARY)),
            markup("For example: ", code(EXAMPLE)),
        ]
    )
    return Message(text=markup(f"/chakra {USAGE}: ", SUMMARY), blocks=(blocks.section(section),))


def welcome(commands: Commands, access: AccessDecision, hint: str = "") -> Message:
    """Return the answer to the bare ``/chakra``: what *this* person may do here, with buttons.

    ``hint`` comes first: what a line that is not a command might have meant.
    """
    open_here = [command for command in commands if access.allows(command.needs)]
    standing = describe_access(access)
    head = (
        [bold("Chakra"), Markup(hint), markup(standing)]
        if hint
        else [bold("Chakra"), markup(standing)]
    )
    made: list[Block] = [blocks.section(lines(head))]
    if open_here:
        rows = [markup(code(c.example), "\n", _sentence(c.summary)) for c in open_here]
        made += [blocks.section(chunk) for chunk in _join_rows(rows)]
    made.append(blocks.actions(*_buttons(open_here)))
    return Message(text=markup(standing, " Type /chakra help for everything."), blocks=tuple(made))


def hello() -> Message:
    """Return the greeting for a channel that the app was invited to."""
    text = markup(
        "Hi, I'm Chakra. I look people up, send WhatsApp templates and upload leads. Type ",
        code("/chakra"),
        " here to begin. Only you will see the answers.",
    )
    return Message(text, (blocks.section(text),), to_channel=True)


def offer_form(command: Command[Any], text: str) -> Message:
    """Return a button that opens a command's form: Slack opens none in reply to a message."""
    line = text if len(text) <= blocks.MAX_BUTTON_VALUE_LENGTH else command.name
    label, _ = command.button or ("Open the form", "")
    button = blocks.button(label, f"{RUN_ACTION}:{command.name}", line)
    what = markup("Press the button to open the form.")
    return Message(what, (blocks.section(what), blocks.actions(button)))


def _buttons(commands: Commands) -> list[Block]:
    made = []
    for command in commands:
        if command.button is not None:
            label, rest = command.button
            made.append(
                blocks.button(
                    label, f"{RUN_ACTION}:{command.name}", f"{command.name} {rest}".strip()
                )
            )
    made.append(blocks.button("All commands", f"{RUN_ACTION}:help", NAME))
    return made


def _row(usage: str, summary: str) -> Markup:
    return markup(code(f"/chakra {usage}"), "\n", _sentence(summary))


def _sentence(summary: str) -> str:
    return f"{summary[:1].upper()}{summary[1:]}."


def _join_rows(rows: list[Markup]) -> list[Markup]:
    """Join rows into sections of at most Slack's 3,000 characters, with blank lines between."""
    made: list[Markup] = []
    for row in rows:
        if made and len(made[-1]) + len(row) + 2 <= blocks.MAX_SECTION_TEXT_LENGTH:
            made[-1] = markup(made[-1], "\n\n", row)
        else:
            made.append(row)
    return made
