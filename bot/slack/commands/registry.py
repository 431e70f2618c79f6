"""The commands by every key that Slack may send: words, action IDs, callback IDs, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.slack.commands.command import (
    Action,
    Command,
    ContextT,
    Event,
    Form,
    NotYet,
    Options,
    Shortcut,
)
from bot.slack.commands.help import NAME as HELP
from bot.slack.commands.help import render_overview
from bot.slack.commands.phrases import PhraseBook, build_phrase_book
from bot.slack.commands.reply import Message
from bot.slack.commands.typing_slips import find_slips

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CommandRegistry(Generic[ContextT]):
    commands: Sequence[Command[ContextT]]
    by_name: Mapping[str, Command[ContextT]]
    actions: Mapping[str, tuple[Command[ContextT], Action[ContextT]]]
    forms: Mapping[str, tuple[Command[ContextT], Form[ContextT]]]
    options: Mapping[str, tuple[Command[ContextT], Options[ContextT]]]
    shortcuts: Mapping[str, tuple[Command[ContextT], Shortcut[ContextT]]]
    events: Mapping[str, Sequence[tuple[Command[ContextT], Event[ContextT]]]]

    phrases: PhraseBook[ContextT]
    not_yet: Mapping[str, NotYet]
    overview: Message

    def find_nearest(self, word: str) -> tuple[str, bool] | None:
        """Return the word of a command that ``word`` resembles most, and whether that is certain.

        A phrase of one word counts too. Return ``None`` if nothing is close.
        """
        slip = find_slips(word.lower(), (*self.by_name, HELP, *self.phrases.single_words))
        command = self.by_name.get(slip[0]) if slip else None
        return (command.name, slip[1]) if slip and command else slip


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
    not_yet: dict[str, NotYet] = {}
    for command in commands:
        for word in (command.name, *command.aliases):
            _add_unique(by_name, word, command)
        for word, found in command.not_yet.items():
            _add_unique(not_yet, word, found)
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
    return CommandRegistry(
        tuple(commands),
        by_name,
        actions,
        forms,
        options,
        shortcuts,
        events,
        build_phrase_book(commands),
        {word: found for word, found in not_yet.items() if word not in by_name},
        render_overview(commands),
    )


def _add_unique(table: dict[str, T], key: str, item: T) -> None:
    if key in table or key == HELP:
        raise ValueError(f"{key!r} is used twice")
    table[key] = item


def _check_prefix(command: Command[ContextT], identifier: str) -> str:
    if not identifier.startswith(f"{command.name}."):
        raise ValueError(f"{identifier!r} must begin with {command.name!r} and a dot")
    return identifier
