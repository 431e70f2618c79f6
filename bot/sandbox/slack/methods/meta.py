"""api.test, auth.test, apps.connections.open and bots.info: the app's own identity."""

from __future__ import annotations

from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.methods.call import Json, Method, MethodCall
from bot.sandbox.slack.rate_limiter import TIERS
from bot.sandbox.slack.seed import (
    APP_BOT,
    APP_ID,
    APP_NAME,
    APP_USER,
    PARTNER_TEAM_ID,
    PARTNER_TEAM_NAME,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
)


def api_test(call: MethodCall) -> Json:
    if call.args.get("error"):
        raise WebApiError(str(call.args["error"]), args=dict(call.args))
    return {"args": dict(call.args)}


def auth_test(call: MethodCall) -> Json:
    if call.token_type == "app":
        return {"app_name": APP_NAME, "app_id": APP_ID}
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_NAME,
        "user": call.workspace.members[APP_USER].name,
        "team_id": TEAM_ID,
        "user_id": APP_USER,
        "bot_id": APP_BOT,
        "is_enterprise_install": False,
    }


def connections_open(call: MethodCall) -> Json:
    """Return a new socket URL of this server, for one connection."""
    host = call.base_url.replace("http", "ws", 1)
    return {"url": f"{host}/link/?ticket={call.sockets.issue_ticket()}&app_id={APP_ID}"}


def bots_info(call: MethodCall) -> Json:
    if call.require_text("bot") != APP_BOT:
        raise WebApiError("bot_not_found")
    return {
        "bot": {
            "id": APP_BOT,
            "deleted": False,
            "name": APP_NAME,
            "app_id": APP_ID,
            "user_id": APP_USER,
            "icons": {},
        }
    }


def team_info(call: MethodCall) -> Json:
    """Return the workspace, or another one that it shares a channel with.

    docs.slack.dev/reference/methods/team.info
    """
    wanted = str(call.args.get("team") or TEAM_ID)
    names = {TEAM_ID: TEAM_NAME, PARTNER_TEAM_ID: PARTNER_TEAM_NAME}
    if wanted not in names:
        raise WebApiError("team_not_found")
    return {"team": {"id": wanted, "name": names[wanted], "domain": names[wanted].lower()}}


METHODS = (
    Method("api.test", api_test, token_type="none"),
    Method("auth.test", auth_test, calls_per_minute=300, token_type="any"),
    Method("team.info", team_info, TIERS[3], "team:read"),
    Method("apps.connections.open", connections_open, TIERS[1], "connections:write", "app"),
    Method("bots.info", bots_info, TIERS[3], "users:read"),
)
