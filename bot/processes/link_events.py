"""Slack's events about links: a message with one, and a pane that a person opens beside it."""

from __future__ import annotations

from typing import Protocol, TypeVar

from bot.processes.link_previews import LinkPreviews, has_links
from bot.slack.commands.command import Event, EventRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Reply


class HasLinkPreviews(Protocol):
    """The part of the context that the events use."""

    @property
    def link_previews(self) -> LinkPreviews: ...


ContextT = TypeVar("ContextT", bound=HasLinkPreviews)


def list_link_events(_: type[ContextT]) -> tuple[Event[ContextT], ...]:
    """Return the events. Anyone may cause them: a preview has no data, and a pane checks access."""
    return (
        Event("link_shared", unfurl, Permission.HELP, has_links),
        Event("entity_details_requested", present_details, Permission.HELP),
    )


async def unfurl(request: EventRequest, context: HasLinkPreviews) -> Reply:
    return await context.link_previews.unfurl(request)


async def present_details(request: EventRequest, context: HasLinkPreviews) -> Reply:
    return await context.link_previews.present(request)
