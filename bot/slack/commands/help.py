"""Help, generated from the commands: the overview, one command, the welcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.commands.command import Command
from bot.slack.commands.permissions import AccessDecision, Permission, Role
from bot.slack.commands.reply import Block, Message
from bot.slack.commands.run_button import RUN_ACTION

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
    return (
        "You can look things up and share them. "
        "To send or edit, ask an admin of this app for sender access."
    )


def render_overview(commands: Commands) -> Message:
    """Return every command with its usage: the same for everyone, without an access check."""
    rows = [_render_row(command.usage, command.summary) for command in commands]
    rows.append(_render_row(USAGE, SUMMARY))
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


def render_command_help(command: Command[Any]) -> Message:
    """Return the usage of a command, what it does, an example to copy and its aliases."""
    rows = [markup(code(f"/chakra {command.usage}")), markup(_render_sentence(command.summary))]
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


def render_help_on_help() -> Message:
    """Return the help for ``/chakra help`` itself."""
    section = lines(
        [
            code(f"/chakra {USAGE}"),
            markup(_render_sentence(SUMMARY)),
            markup("For example: ", code(EXAMPLE)),
        ]
    )
    return Message(text=markup(f"/chakra {USAGE}: ", SUMMARY), blocks=(blocks.section(section),))


def render_welcome(commands: Commands, access: AccessDecision) -> Message:
    """Return the front door: the buttons that *this* person may press, and what they may do."""
    text = markup(describe_access(access), " Type /chakra help for everything.")
    return Message(text=text, blocks=tuple(render_front_blocks(commands, access)))


def render_front_blocks(commands: Commands, access: AccessDecision) -> list[Block]:
    """Return the buttons that this person may press, and what they may do."""
    permitted = [command for command in commands if access.allows(command.needs)]
    return _render_front_door(permitted, markup(describe_access(access)))


def _render_front_door(commands: Commands, line: str) -> list[Block]:
    """Return the buttons of the commands that have one, and ``line`` beside "All commands"."""
    every = blocks.button("All commands", f"{RUN_ACTION}:{NAME}", NAME)
    buttons = [_render_front_button(command) for command in commands if command.button]
    leading = [blocks.actions(*buttons)] if buttons else []
    return [*leading, blocks.section(line, accessory=every)]


def render_greeting(commands: Commands) -> Message:
    """Return the greeting for a channel that the app was invited to, for everyone in it.

    A pressed button answers the person who pressed it, after their own access check.
    """
    text = markup(
        "Hi, I'm Chakra. I send WhatsApp templates, find people and upload tables. Type ",
        code("/chakra"),
        " here to begin, or press a button. Only you will see the answers.",
    )
    greeting = [
        blocks.button(command.greeting_button, command.button_action)
        for command in commands
        if command.greeting_button
    ]
    front = _render_front_door(commands, text)
    return Message(
        text, (*front, *([blocks.actions(*greeting)] if greeting else ())), to_channel=True
    )


def offer_form(command: Command[Any], text: str) -> Message:
    """Return a button that opens a command's form: Slack opens none in reply to a message."""
    line = text if len(text) <= blocks.MAX_BUTTON_VALUE_LENGTH else command.name
    button = blocks.button(command.button or "Open the form", f"{RUN_ACTION}:{command.name}", line)
    what = markup("Press the button to open the form.")
    return Message(what, (blocks.section(what), blocks.actions(button)))


def _render_front_button(command: Command[Any]) -> Block:
    if command.button_action:
        return blocks.button(command.button, command.button_action)
    return blocks.button(command.button, f"{RUN_ACTION}:{command.name}", command.name)


def _render_row(usage: str, summary: str) -> Markup:
    return markup(code(f"/chakra {usage}"), "\n", _render_sentence(summary))


def _render_sentence(summary: str) -> str:
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
