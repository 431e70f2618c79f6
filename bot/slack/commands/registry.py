"""The commands by every key that Slack may send: words, action IDs, callback IDs, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.slack.commands.command import Action, Command, ContextT, Event, Form, Options, Shortcut
from bot.slack.commands.help import NAME as HELP
from bot.text.similarity import find_similar

T = TypeVar("T")

MIN_SIMILARITY = 60
"""The rapidfuzz ratio (0-100) from which a misspelled word counts as a command's name."""


@dataclass(frozen=True, slots=True)
class CommandRegistry(Generic[ContextT]):
    commands: Sequence[Command[ContextT]]
    by_name: Mapping[str, Command[ContextT]]
    actions: Mapping[str, tuple[Command[ContextT], Action[ContextT]]]
    forms: Mapping[str, tuple[Command[ContextT], Form[ContextT]]]
    options: Mapping[str, tuple[Command[ContextT], Options[ContextT]]]
    shortcuts: Mapping[str, tuple[Command[ContextT], Shortcut[ContextT]]]
    events: Mapping[str, Sequence[tuple[Command[ContextT], Event[ContextT]]]]

    def nearest(self, word: str) -> str | None:
        """Return the name of the command that ``word`` resembles most, or ``None``."""
        names = [*self.by_name, HELP]
        similar = find_similar(word, names, min_score=MIN_SIMILARITY, limit=1)
        if not similar:
            return None
        command = self.by_name.get(similar[0].word)
        return command.name if command is not None else HELP


def build_registry(commands: Sequence[Command[ContextT]]) -> CommandRegistry[ContextT]:
    """Index the commands.

    Raise ``ValueError`` for a name that is used twice, and for an ID that does not begin with its
    command's name.
    """
    by_name: dict[str, Command[ContextT]] = {}
    actions: dict[str, tuple[Command[ContextT], Action[ContextT]]] = {}
    forms: dict[str, tuple[Command[ContextT], Form[ContextT]]] = {}
    options: dict[str, tuple[Command[ContextT], Options[ContextT]]] = {}
    shortcuts: dict[str, tuple[Command[ContextT], Shortcut[ContextT]]] = {}
    events: dict[str, list[tuple[Command[ContextT], Event[ContextT]]]] = {}
    for command in commands:
        for word in (command.name, *command.aliases):
            _add_unique(by_name, word, command)
        for action in command.actions:
            _add_unique(actions, _check_prefix(command, action.id), (command, action))
        for form in command.forms:
            _add_unique(forms, _check_prefix(command, form.id), (command, form))
        for menu in command.options:
            _add_unique(options, _check_prefix(command, menu.id), (command, menu))
        for shortcut in command.shortcuts:
            _add_unique(shortcuts, _check_prefix(command, shortcut.id), (command, shortcut))
        for event in command.events:
            events.setdefault(event.type, []).append((command, event))
    return CommandRegistry(tuple(commands), by_name, actions, forms, options, shortcuts, events)


def _add_unique(table: dict[str, T], key: str, item: T) -> None:
    if key in table or key == HELP:
        raise ValueError(f"{key!r} is used twice")
    table[key] = item


def _check_prefix(command: Command[ContextT], identifier: str) -> str:
    if not identifier.startswith(f"{command.name}."):
        raise ValueError(f"{identifier!r} must begin with {command.name!r} and a dot")
    return identifier
