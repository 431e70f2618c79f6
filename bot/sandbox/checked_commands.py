"""Fail if a command shows a button, menu or form that it does not list.

Without this check a person reads "That button is from an older version of this app".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, wraps
from typing import Any, TypeVar

from bot.slack.commands.command import Command
from bot.slack.commands.registry import CommandRegistry, build_registry
from bot.slack.commands.reply import CloseForm, Message, OpenForm, UpdateForm
from bot.slack.commands.run_button import RUN_ACTION

T = TypeVar("T")
Handler = Callable[[Any, Any], Awaitable[T]]


class UnlistedIdError(Exception):
    """A command shows something it doesn't list. The message says what, and the remedy."""


class CheckedCommands(tuple[Command[Any], ...]):
    """Commands with handlers that raise `UnlistedIdError`."""

    @cached_property
    def registry(self) -> CommandRegistry[Any]:
        """Their registry, which several sandboxes share."""
        return build_registry(self)


def check_commands(commands: Sequence[Command[Any]]) -> CheckedCommands:
    """Return the commands with handlers that raise `UnlistedIdError`, if they don't yet."""
    if isinstance(commands, CheckedCommands):
        return commands
    registry = build_registry(commands)

    def wrap_handler(handler: Handler[T]) -> Handler[T]:
        @wraps(handler)
        async def run(request: Any, context: Any) -> T:
            reply = await handler(request, context)
            check_reply(reply, registry)
            return reply

        return run

    return CheckedCommands(
        replace(
            command,
            run=wrap_handler(command.run),
            actions=tuple(replace(a, run=wrap_handler(a.run)) for a in command.actions),
            forms=tuple(replace(f, submit=wrap_handler(f.submit)) for f in command.forms),
            shortcuts=tuple(replace(s, run=wrap_handler(s.run)) for s in command.shortcuts),
            events=tuple(replace(e, run=wrap_handler(e.run)) for e in command.events),
        )
        for command in commands
    )


def check_reply(reply: object, registry: CommandRegistry[Any]) -> None:
    """Raise `UnlistedIdError` if the reply shows an ID that no command lists."""
    if isinstance(reply, Message):
        check_blocks(reply.blocks, registry)
    elif isinstance(reply, OpenForm | UpdateForm):
        check_view(reply.view, registry)
    elif isinstance(reply, CloseForm):
        check_reply(reply.follow_up, registry)
        task = reply.follow_up_task
        if isinstance(task, asyncio.Task) and task.done() and not task.cancelled():
            check_reply(task.result() if task.exception() is None else None, registry)


def check_view(view: Mapping[str, Any], registry: CommandRegistry[Any]) -> None:
    form = str(view.get("callback_id") or "")
    if view.get("submit") and form not in registry.forms:
        raise _build_error("form", form, "Form", "forms")
    check_blocks(view.get("blocks") or (), registry)


def check_blocks(blocks: Sequence[Mapping[str, Any]], registry: CommandRegistry[Any]) -> None:
    for element, is_sent in _iter_elements(blocks):
        identifier = str(element["action_id"]).partition(":")[0]
        if "external" in str(element.get("type")) and identifier not in registry.options:
            raise _build_error("menu", identifier, "Options", "options")
        is_link = element.get("type") == "button" and "url" in element
        known = identifier in registry.actions or identifier == RUN_ACTION
        if is_sent and not is_link and not known:
            raise _build_error("button or menu", identifier, "Action", "actions")


def _iter_elements(blocks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Yield each interactive element, and whether Slack sends the app a person's use of it.

    An input without ``dispatch_action`` is only part of the submitted form.
    """
    for block in blocks:
        is_sent = block.get("type") != "input" or bool(block.get("dispatch_action"))
        candidates = [block.get("element"), block.get("accessory"), *(block.get("elements") or ())]
        for element in candidates:
            if isinstance(element, Mapping) and element.get("action_id"):
                yield element, is_sent


def _build_error(what: str, identifier: str, kind: str, field: str) -> UnlistedIdError:
    command = identifier.partition(".")[0]
    return UnlistedIdError(
        f"The {what} {identifier!r} is shown, but no command lists it: add "
        f"{kind}({identifier!r}, …) to {field}=(…) in commands/{command}.py."
    )
