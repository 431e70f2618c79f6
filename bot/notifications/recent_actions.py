"""``/chakra notify recent``: the line and the buttons of the list of the latest events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.errors import NotFound
from bot.notifications import recent_list
from bot.notifications.actions import ContextT, HasNotifications
from bot.notifications.recent_list import DETAILS, MAX_LISTED, PAGE_ACTION, RecentQuery
from bot.notifications.rule_card import RECENT_ACTION
from bot.slack.button_state import parse_row_id
from bot.slack.commands.command import Action, ActionRequest, CommandRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Message, OpenForm


def list_recent_actions(_: type[ContextT]) -> tuple[Action[ContextT], ...]:
    """Return the buttons, for people who may choose what channels receive."""
    handlers = ((RECENT_ACTION, show), (PAGE_ACTION, change_page), (DETAILS, show_details))
    return tuple(
        Action(action, run, needs=Permission.NOTIFY, only_looks=True) for action, run in handlers
    )


async def list_recent(request: CommandRequest, context: HasNotifications) -> Message:
    query, unused = recent_list.parse_query(request.arguments)
    return await _render(context, query, unused)


async def show(_: ActionRequest, context: HasNotifications) -> Message:
    return await _render(context, RecentQuery())


async def change_page(request: ActionRequest, context: HasNotifications) -> Message:
    query = RecentQuery.from_value(request.value)
    return replace(await _render(context, query), replace_original=True)


async def show_details(request: ActionRequest, context: HasNotifications) -> OpenForm:
    """Show an event as it arrived."""
    event_id = parse_row_id(request.value, RecentQuery.command)
    events = await context.notifications.read_recent(MAX_LISTED)
    found = next((item for item in events if item.recorded.id == event_id), None)
    if found is None:
        raise NotFound("event", "", hint="It is too long ago.")
    outcomes = await context.notifications.find_outcomes([found])
    return OpenForm(recent_list.render_details_view(found, outcomes.get(event_id, ())))


async def _render(
    context: HasNotifications, query: RecentQuery, unused: Sequence[str] = ()
) -> Message:
    events = await context.notifications.read_recent(MAX_LISTED)
    outcomes = await context.notifications.find_outcomes(events)
    return recent_list.render_page(query, events, outcomes, unused)
