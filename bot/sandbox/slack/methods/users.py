"""users.* and usergroups.users.list: people, as far as the app's scopes reveal them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.methods.call import Json, Method, MethodCall
from bot.sandbox.slack.rate_limiter import TIERS
from bot.sandbox.slack.seed import (
    APP_BOT,
    APP_ID,
    APP_USER,
    TEAM_ID,
    USERGROUP_NAMES,
    WorkspaceMember,
)

_EMAIL_SCOPE = "users:read.email"
_PICTURE_SIZES = (24, 32, 48, 72, 192, 512)
_ADMINS = ("owner", "admin")
_GUESTS = ("guest", "single_channel_guest")


def users_info(call: MethodCall) -> Json:
    """Return a person; from other workspaces only those who share a channel with the app.

    docs.slack.dev/reference/methods/users.info
    """
    member = call.require_member()
    if member.kind == "stranger" and not _shares_channel(call, member.id):
        raise WebApiError("user_not_visible")
    user = build_user_json(call, member)
    if call.flag("include_locale"):
        user["locale"] = member.locale
    return {"user": user}


def users_lookup_by_email(call: MethodCall) -> Json:
    wanted = call.require_text("email").casefold()
    for member in call.workspace.members.values():
        if member.email and member.email.casefold() == wanted and member.kind != "stranger":
            return {"user": build_user_json(call, member)}
    raise WebApiError("users_not_found")


def users_list(call: MethodCall) -> Json:
    """Return the workspace's own people and apps, without those who join by Slack Connect."""
    members = [m for m in call.workspace.members.values() if m.kind != "stranger"]
    page, metadata = call.paginate(members)
    return {
        "members": [build_user_json(call, member) for member in page],
        "cache_ts": int(call.workspace.clock.time()),
        "response_metadata": metadata,
    }


def usergroups_users_list(call: MethodCall) -> Json:
    group = call.workspace.user_groups.get(call.require_text("usergroup"))
    if group is None:
        raise WebApiError("no_such_subteam")
    return {"users": list(group)}


def usergroups_list(call: MethodCall) -> Json:
    """Return the groups that exist. docs.slack.dev/reference/methods/usergroups.list."""
    groups = []
    for group_id, members in call.workspace.user_groups.items():
        name, handle = USERGROUP_NAMES.get(group_id, (group_id, group_id.lower()))
        groups.append(
            {
                "id": group_id,
                "team_id": TEAM_ID,
                "is_usergroup": True,
                "name": name,
                "handle": handle,
                "date_delete": 0,
                "user_count": len(members),
            }
        )
    return {"usergroups": groups}


def _shares_channel(call: MethodCall, person: str) -> bool:
    channels = call.workspace.channels.values()
    return any({APP_USER, person} <= set(channel.members) for channel in channels)


def build_user_json(call: MethodCall, member: WorkspaceMember) -> Json:
    """Return Slack's user object. docs.slack.dev/reference/objects/user-object."""
    user: Json = {
        "id": member.id,
        "team_id": member.team_id,
        "name": member.name,
        "deleted": member.kind == "deactivated",
        "color": member.color,
        "real_name": member.real_name,
        "tz": member.tz,
        "tz_label": member.tz,
        "tz_offset": _compute_utc_offset(member.tz, call.workspace.clock.time()),
        "profile": _build_profile(call, member),
        "is_admin": member.kind in _ADMINS,
        "is_owner": member.kind == "owner",
        "is_primary_owner": member.kind == "owner",
        "is_restricted": member.kind in _GUESTS,
        "is_ultra_restricted": member.kind == "single_channel_guest",
        "is_bot": member.id == APP_USER,
        "is_app_user": False,
        "is_email_confirmed": bool(member.email),
        "updated": int(call.workspace.clock.time()),
        "who_can_share_contact_card": "EVERYONE",
    }
    if member.kind == "stranger":
        user["is_stranger"] = True
    return user


def _build_profile(call: MethodCall, member: WorkspaceMember) -> Json:
    first, _, last = member.real_name.partition(" ")
    picture = f"{call.base_url}/sandbox/pictures/{member.id}.svg"
    profile: Json = {
        "title": member.title,
        "real_name": member.real_name,
        "real_name_normalized": member.real_name,
        "display_name": member.display_name,
        "display_name_normalized": member.display_name,
        "first_name": first,
        "last_name": last,
        "status_text": "",
        "status_emoji": "",
        "team": member.team_id,
        **{f"image_{size}": picture for size in _PICTURE_SIZES},
    }
    if member.id == APP_USER:
        profile |= {"api_app_id": APP_ID, "bot_id": APP_BOT}
    elif member.email and member.kind != "stranger" and _EMAIL_SCOPE in call.manifest.scopes:
        profile["email"] = member.email
    return profile


def _compute_utc_offset(zone: str, now: float) -> int:
    """Return seconds from UTC; 0 on a machine without time zone data."""
    try:
        offset = datetime.fromtimestamp(now, ZoneInfo(zone)).utcoffset()
    except ZoneInfoNotFoundError:
        return 0
    return int(offset.total_seconds()) if offset else 0


METHODS = (
    Method("users.info", users_info, TIERS[4], "users:read"),
    Method("users.lookupByEmail", users_lookup_by_email, TIERS[3], _EMAIL_SCOPE),
    Method("users.list", users_list, TIERS[2], "users:read"),
    Method("usergroups.list", usergroups_list, TIERS[2], "usergroups:read"),
    Method("usergroups.users.list", usergroups_users_list, TIERS[2], "usergroups:read"),
)
