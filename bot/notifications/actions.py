"""The buttons of messages that the notifier posts."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, TypeVar

from bot.notifications.problem_messages import KEEP_POSTING, STOP_POSTING
from bot.notifications.rule import Rule
from bot.notifications.service import Notifications
from bot.notifications.shown_events import PAGE_ACTION, SHOW_ALL, ShownQuery
from bot.slack import blocks
from bot.slack.blocks import channel_mention, markup
from bot.slack.button_state import parse_row_id
from bot.slack.commands.command import Action, ActionRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Message


class HasNotifications(Protocol):
    """The part of the context that these buttons use."""

    @property
    def notifications(self) -> Notifications: ...


ContextT = TypeVar("ContextT", bound=HasNotifications)


def list_post_actions(_: type[ContextT]) -> tuple[Action[ContextT], ...]:
    """Return the buttons: those that list events are for everyone who sees the message."""
    return (
        Action(SHOW_ALL, show_all),
        Action(PAGE_ACTION, change_page),
        Action(KEEP_POSTING, keep_posting, needs=Permission.NOTIFY),
        Action(STOP_POSTING, stop_posting, needs=Permission.NOTIFY),
    )


async def show_all(request: ActionRequest, context: HasNotifications) -> Message:
    """List the events of the message to the person alone."""
    return await _render(request, context)


async def change_page(request: ActionRequest, context: HasNotifications) -> Message:
    return replace(await _render(request, context), replace_original=True)


async def keep_posting(request: ActionRequest, context: HasNotifications) -> Message:
    """Let people from other companies read customers' messages, as the rule's author decides."""
    rule = await _load_rule(request, context)
    spec = rule.spec.model_copy(update={"allows_outsiders": True})
    await context.notifications.save(rule.channel, rule.member, spec, rule)
    context.notifications.retry_channel(rule.channel)
    return _render_answer("Customers' messages are posted in ", rule.channel, " again.")


async def stop_posting(request: ActionRequest, context: HasNotifications) -> Message:
    """Remove the rule."""
    rule = await _load_rule(request, context)
    await context.notifications.rules.remove(rule.id)
    return _render_answer("Removed the rule. It posts nothing more in ", rule.channel, ".")


async def _load_rule(request: ActionRequest, context: HasNotifications) -> Rule:
    return await context.notifications.get(parse_row_id(request.value, ShownQuery.command))


def _render_answer(before: str, channel: str, after: str) -> Message:
    line = markup(before, channel_mention(channel), after)
    return Message(line, (blocks.section(line),), replace_original=True)


async def _render(request: ActionRequest, context: HasNotifications) -> Message:
    return await context.notifications.shown.render_page(
        ShownQuery.from_value(request.value),
        (request.channel.id, request.actor.id),
        masked=not request.access.allows(Permission.NOTIFY),
    )
