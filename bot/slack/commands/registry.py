"""The commands by every name that Slack may call them: words, aliases, action ids, callback ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rapidfuzz import fuzz, process

from bot.slack.commands.command import Action, Command, D, Form, Options, Shortcut
from bot.slack.commands.help import NAME as HELP

T = TypeVar("T")

NEAR_ENOUGH = 60
"""rapidfuzz's ratio (0-100) from which a misspelt word is taken for a command's name."""


@dataclass(frozen=True, slots=True)
class Catalogue(Generic[D]):
    commands: Sequence[Command[D]]
    by_word: Mapping[str, Command[D]]
    actions: Mapping[str, tuple[Command[D], Action[D]]]
    forms: Mapping[str, tuple[Command[D], Form[D]]]
    options: Mapping[str, tuple[Command[D], Options[D]]]
    shortcuts: Mapping[str, tuple[Command[D], Shortcut[D]]]

    def nearest(self, word: str) -> str | None:
        """The command's name that a misspelt ``word`` most resembles."""
        names = [*self.by_word, HELP]
        found = process.extractOne(word, names, scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH)
        if found is None:
            return None
        command = self.by_word.get(found[0])
        return command.name if command is not None else HELP


def catalogue(commands: Sequence[Command[D]]) -> Catalogue[D]:
    """Raises ``ValueError`` for a name used twice, or an id that is not of its command."""
    by_word: dict[str, Command[D]] = {}
    actions: dict[str, tuple[Command[D], Action[D]]] = {}
    forms: dict[str, tuple[Command[D], Form[D]]] = {}
    options: dict[str, tuple[Command[D], Options[D]]] = {}
    shortcuts: dict[str, tuple[Command[D], Shortcut[D]]] = {}
    for command in commands:
        for word in (command.name, *command.aliases):
            _put(by_word, word, command)
        for action in command.actions:
            _put(actions, _owned(command, action.id), (command, action))
        for form in command.forms:
            _put(forms, _owned(command, form.id), (command, form))
        for menu in command.options:
            _put(options, _owned(command, menu.id), (command, menu))
        for shortcut in command.shortcuts:
            _put(shortcuts, _owned(command, shortcut.id), (command, shortcut))
    return Catalogue(tuple(commands), by_word, actions, forms, options, shortcuts)


def _put(table: dict[str, T], key: str, item: T) -> None:
    if key in table or key == HELP:
        raise ValueError(f"{key!r} is named twice")
    table[key] = item


def _owned(command: Command[D], identifier: str) -> str:
    if not identifier.startswith(f"{command.name}."):
        raise ValueError(f"{identifier!r} must begin with {command.name!r} and a dot")
    return identifier
