"""conversations.*: channels, members and history, with a scope per kind of channel."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.messages import StoredMessage
from bot.sandbox.slack.methods.call import Json, Method, MethodCall
from bot.sandbox.slack.payloads import build_message_json
from bot.sandbox.slack.rate_limiter import TIERS
from bot.sandbox.slack.seed import APP_USER, PARTNER_TEAM_ID, TEAM_ID, WorkspaceChannel

_SCOPE_FAMILIES: Mapping[str, str] = {
    "public": "channels",
    "shared": "channels",
    "private": "groups",
    "im": "im",
    "group": "mpim",
    "pair": "im",
}
"""docs.slack.dev/reference/scopes: the word before ":read", ":history" and ":write"."""


def conversations_info(call: MethodCall) -> Json:
    channel = _require_accessible_channel(call, "read")
    return {"channel": build_channel_json(channel, with_count=call.flag("include_num_members"))}


def conversations_members(call: MethodCall) -> Json:
    members, metadata = call.paginate(_require_accessible_channel(call, "read").members)
    return {"members": members, "response_metadata": metadata}


def conversations_open(call: MethodCall) -> Json:
    """Return the direct messages between one person and the app."""
    call.require_scope("im:write")
    if call.args.get("channel"):
        channel = call.require_channel()
    else:
        users = [user for user in str(call.args.get("users") or "").split(",") if user]
        if not users:
            raise WebApiError("users_list_not_supplied")
        found = call.workspace.find_direct_messages(users[0]) if len(users) == 1 else None
        if found is None:
            raise WebApiError("user_not_found" if len(users) == 1 else "not_enough_users")
        channel = found
    opened = build_channel_json(channel) if call.flag("return_im") else {"id": channel.id}
    return {"channel": opened, "no_op": True, "already_open": True}


def conversations_history(call: MethodCall) -> Json:
    """Return the newest messages first, without ephemerals and replies that were not broadcast."""
    channel = _require_accessible_channel(call, "history")
    if APP_USER not in channel.members:
        raise WebApiError("not_in_channel")
    messages = [
        m for m in call.workspace.messages.list_messages(channel.id) if _is_in_history(call, m)
    ]
    page, metadata = call.paginate(messages[::-1])
    with_metadata = call.flag("include_all_metadata")
    return {
        "messages": [_build_history_json(message, with_metadata=with_metadata) for message in page],
        "has_more": bool(metadata["next_cursor"]),
        "pin_count": 0,
        "response_metadata": metadata,
    }


def conversations_replies(call: MethodCall) -> Json:
    """Return the parent, then its replies, the oldest first.

    docs.slack.dev/reference/methods/conversations.replies: a bot token may read the threads of
    direct messages, not those of channels.
    """
    channel = _require_accessible_channel(call, "history")
    if channel.kind != "im":
        raise WebApiError("not_allowed_token_type")
    parent = call.workspace.messages.find_public(channel.id, call.require_text("ts"))
    if parent is None:
        raise WebApiError("thread_not_found")
    replies = [
        message
        for message in call.workspace.messages.list_messages(channel.id)
        if message.thread_ts == parent.ts and _is_in_range(call, message)
    ]
    page, metadata = call.paginate([parent, *(reply for reply in replies if reply != parent)])
    with_metadata = call.flag("include_all_metadata")
    return {
        "messages": [_build_history_json(message, with_metadata=with_metadata) for message in page],
        "has_more": bool(metadata["next_cursor"]),
        "response_metadata": metadata,
    }


def build_channel_json(channel: WorkspaceChannel, *, with_count: bool = False) -> Json:
    """Return Slack's conversation object. docs.slack.dev/reference/objects/conversation-object."""
    family = channel.kind
    shown: Json = {
        "id": channel.id,
        "is_channel": family in ("public", "shared"),
        "is_group": family == "private",
        "is_im": family == "im",
        "is_mpim": False,
        "is_private": family in ("private", "im"),
        "is_archived": channel.archived,
        "is_general": channel.id == "C0GENERAL",
        "is_shared": family == "shared",
        "is_ext_shared": family == "shared",
        "is_org_shared": False,
        "context_team_id": TEAM_ID,
    }
    if family == "im":
        person = next(member for member in channel.members if member != APP_USER)
        return {**shown, "user": person}
    shown |= {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_member": APP_USER in channel.members,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
    if family == "shared":
        teams = [TEAM_ID, PARTNER_TEAM_ID]
        shown |= {"shared_team_ids": teams, "connected_team_ids": teams}
    return {**shown, "num_members": len(channel.members)} if with_count else shown


def _require_accessible_channel(call: MethodCall, action: str) -> WorkspaceChannel:
    """Return the channel, if the app's scopes cover its kind."""
    channel = call.require_channel()
    call.require_scope(f"{_SCOPE_FAMILIES[channel.kind]}:{action}")
    return channel


def _is_in_history(call: MethodCall, message: StoredMessage) -> bool:
    if message.only_for is not None:
        return False
    if message.thread_ts not in (None, message.ts) and not message.broadcast:
        return False
    return _is_in_range(call, message)


def _is_in_range(call: MethodCall, message: StoredMessage) -> bool:
    ts = float(message.ts)
    oldest, latest = (
        _read_timestamp_argument(call, "oldest", "0"),
        _read_timestamp_argument(call, "latest", "inf"),
    )
    return oldest <= ts <= latest if call.flag("inclusive") else oldest < ts < latest


def _read_timestamp_argument(call: MethodCall, name: str, default: str) -> float:
    try:
        return float(call.args.get(name) or default)
    except (TypeError, ValueError):
        raise WebApiError(f"invalid_ts_{name}") from None


def _build_history_json(message: StoredMessage, *, with_metadata: bool) -> Json:
    shown = build_message_json(message)
    if message.broadcast:
        shown["subtype"] = "thread_broadcast"
    if with_metadata and message.content.metadata:
        shown["metadata"] = message.content.metadata
    return shown


METHODS = (
    Method("conversations.info", conversations_info, TIERS[3]),
    Method("conversations.members", conversations_members, TIERS[4]),
    Method("conversations.open", conversations_open, TIERS[3]),
    Method("conversations.history", conversations_history, TIERS[3]),
    Method("conversations.replies", conversations_replies, TIERS[3]),
)
