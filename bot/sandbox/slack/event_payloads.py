"""The bodies of the Events API, field by field as real Slack writes them.

docs.slack.dev/apis/events-api and docs.slack.dev/reference/events
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from bot.sandbox.slack.messages import StoredMessage
from bot.sandbox.slack.payloads import build_message_json
from bot.sandbox.slack.seed import (
    APP_ID,
    APP_NAME,
    APP_USER,
    PARTNER_TEAM_ID,
    TEAM_ID,
    ChannelKind,
    WorkspaceChannel,
)

Json = dict[str, Any]
HomeTab = Literal["home", "messages"]

CHANNEL_TYPES: Mapping[ChannelKind, str] = {
    "public": "channel",
    "private": "group",
    "shared": "channel",
    "im": "im",
    "group": "mpim",
    "pair": "im",
}
_MEMBERSHIP_TYPES: Mapping[ChannelKind, str] = {"public": "C", "private": "G", "shared": "C"}

_ACTOR = "U0PRIYA"
"""The admin, who changes channels here."""


def build_envelope(
    event: Json, *, token: str, event_id: str, event_time: int, channel: WorkspaceChannel | None
) -> Json:
    """Return the envelope of an event. docs.slack.dev/apis/events-api/#callback-field."""
    return {
        "token": token,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": event_time,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": APP_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": channel is not None and channel.kind == "shared",
        "event_context": f"4-{event_id}",
    }


def build_mention(message: StoredMessage, team: str, parent_author: str) -> Json:
    """Return the event of a mention. docs.slack.dev/reference/events/app_mention."""
    posted = _build_posted(message, team, parent_author)
    return {**posted, "type": "app_mention"}


def build_message_posted(
    message: StoredMessage, channel: WorkspaceChannel, team: str, parent_author: str
) -> Json:
    """Return the event of a new message; ``parent_author`` is "" unless it is a reply.

    docs.slack.dev/reference/events/message
    """
    body = {
        **_build_posted(message, team, parent_author),
        "channel_type": CHANNEL_TYPES[channel.kind],
    }
    if message.author == APP_USER:
        body["bot_profile"] = {
            "id": body["bot_id"],
            "app_id": APP_ID,
            "name": APP_NAME,
            "team_id": TEAM_ID,
        }
    return body


def build_message_changed(message: StoredMessage, channel: WorkspaceChannel, event_ts: str) -> Json:
    """Return the event of an edit. docs.slack.dev/reference/events/message/message_changed."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": build_message_json(message),
        "channel": channel.id,
        "hidden": True,
        "ts": event_ts,
        "event_ts": event_ts,
        "channel_type": CHANNEL_TYPES[channel.kind],
    }


def build_message_deleted(message: StoredMessage, channel: WorkspaceChannel, event_ts: str) -> Json:
    """Return the event of a deletion. docs.slack.dev/reference/events/message/message_deleted."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": build_message_json(message),
        "channel": channel.id,
        "hidden": True,
        "deleted_ts": message.ts,
        "ts": event_ts,
        "event_ts": event_ts,
        "channel_type": CHANNEL_TYPES[channel.kind],
    }


def build_app_joined(channel: WorkspaceChannel, inviter: str, event_ts: str) -> Json:
    """Return the app's own invitation. docs.slack.dev/reference/events/member_joined_channel."""
    return {
        "type": "member_joined_channel",
        "user": APP_USER,
        "channel": channel.id,
        "channel_type": _MEMBERSHIP_TYPES[channel.kind],
        "team": TEAM_ID,
        "inviter": inviter,
        "event_ts": event_ts,
    }


def build_link_shared(
    message: StoredMessage, channel: WorkspaceChannel, links: list[Json], unfurl_id: str
) -> Json:
    """Return the event of links in a message. docs.slack.dev/reference/events/link_shared."""
    body: Json = {
        "type": "link_shared",
        "channel": channel.id,
        "is_bot_user_member": APP_USER in channel.members,
        "user": message.author,
        "message_ts": message.ts,
        "unfurl_id": unfurl_id,
        "source": "conversations_history",
        "links": links,
        "user_locale": "en-US",
        "event_ts": message.ts,
    }
    return {**body, "thread_ts": message.thread_ts} if message.thread_ts else body


def build_link_composed(person: str, links: list[Json], unfurl_id: str) -> Json:
    """Return the event of links in a message that isn't posted yet."""
    return {
        "type": "link_shared",
        "channel": "COMPOSER",
        "is_bot_user_member": True,
        "user": person,
        "message_ts": unfurl_id,
        "unfurl_id": unfurl_id,
        "source": "composer",
        "links": links,
        "user_locale": "en-US",
    }


def build_channel_changed(change: str, channel: WorkspaceChannel, event_ts: str) -> Json:
    """Return the event of a channel that was archived, renamed, shared, or left by the app.

    docs.slack.dev/reference/events/channel_archive and its siblings. Those of private channels
    begin with ``group_``, except the two about sharing.
    """
    family = "group" if channel.kind == "private" and "shared" not in change else "channel"
    body: Json = {"type": f"{family}_{change}", "channel": channel.id, "event_ts": event_ts}
    if change in ("archive", "unarchive"):
        return {**body, "user": _ACTOR, "is_moved": 0}
    if change == "left":
        return {**body, "actor_id": _ACTOR}
    if change == "rename":
        names = {"name": channel.name, "name_normalized": channel.name}
        return {**body, "channel": {"id": channel.id, **names, "created": 0}}
    if change == "shared":
        return {**body, "connected_team_id": PARTNER_TEAM_ID}
    return {**body, "previously_connected_team_id": PARTNER_TEAM_ID, "is_ext_shared": False}


def build_app_home_opened(
    person: str, channel: WorkspaceChannel, tab: HomeTab, view: Json | None, event_ts: str
) -> Json:
    """Return the event of an opened tab. docs.slack.dev/reference/events/app_home_opened."""
    body = {
        "type": "app_home_opened",
        "user": person,
        "channel": channel.id,
        "tab": tab,
        "event_ts": event_ts,
    }
    return body if view is None else {**body, "view": view}


def build_tokens_revoked(event_ts: str) -> Json:
    """Return the event of a revocation. docs.slack.dev/reference/events/tokens_revoked."""
    return {
        "type": "tokens_revoked",
        "tokens": {"oauth": [], "bot": [APP_USER]},
        "event_ts": event_ts,
    }


def build_app_uninstalled(event_ts: str) -> Json:
    """Return the event of a removal. docs.slack.dev/reference/events/app_uninstalled."""
    return {"type": "app_uninstalled", "event_ts": event_ts}


def build_team_fields(author_team: str) -> Json:
    """Return the fields that Slack adds for a person from another workspace."""
    return (
        {"user_team": author_team, "source_team": author_team}
        if (author_team == PARTNER_TEAM_ID)
        else {}
    )


def _build_posted(message: StoredMessage, team: str, parent_author: str) -> Json:
    shown = {**build_message_json(message), "channel": message.channel, "event_ts": message.ts}
    if parent_author:
        shown["parent_user_id"] = parent_author
    if message.content.files:
        shown["subtype"] = "file_share"
    return {**shown, **build_team_fields(team)}
