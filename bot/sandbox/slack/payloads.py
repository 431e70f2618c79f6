"""The payloads that Slack sends to an app, field by field as real Slack writes them.

docs.slack.dev/interactivity/implementing-slash-commands and
docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from bot.sandbox.slack.blocks import StateValues
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.rich_text import rich_text
from bot.sandbox.slack.seed import (
    APP_BOT,
    APP_ID,
    APP_USER,
    TEAM_DOMAIN,
    TEAM_ID,
    Channel,
    Member,
)
from bot.sandbox.slack.views import View

Json = dict[str, Any]

_SPOKEN = {"im": "directmessage", "private": "privategroup"}


@dataclass(frozen=True)
class Interaction:
    """The common part of interaction payloads; ``token`` is the old verification token."""

    person: Member
    token: str
    trigger_id: str

    def head(self, kind: str) -> Json:
        return {
            "type": kind,
            "user": {
                "id": self.person.id,
                "username": self.person.name,
                "name": self.person.name,
                "team_id": self.person.team_id,
            },
            "api_app_id": APP_ID,
            "token": self.token,
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "enterprise": None,
            "is_enterprise_install": False,
        }


def shortcut(who: Interaction, callback_id: str, action_ts: str) -> Json:
    """Return a global shortcut's payload: no channel, no response URL.

    docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload
    """
    head = who.head("shortcut")
    person = {key: head["user"][key] for key in ("id", "username", "team_id")}
    return {
        **_without(head, "api_app_id"),
        "user": person,
        "action_ts": action_ts,
        "callback_id": callback_id,
        "trigger_id": who.trigger_id,
    }


def message_shortcut(
    who: Interaction,
    callback_id: str,
    message: Message,
    channel: Channel,
    response_url: str,
    action_ts: str,
) -> Json:
    """docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload"""
    head = who.head("message_action")
    person = {key: head["user"][key] for key in ("id", "name", "team_id")}
    return {
        **_without(head, "api_app_id"),
        "user": person,
        "action_ts": action_ts,
        "callback_id": callback_id,
        "trigger_id": who.trigger_id,
        "response_url": response_url,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message_ts": message.ts,
        "message": message_json(message),
    }


def command(
    who: Interaction, channel: Channel, name: str, text: str, response_url: str
) -> dict[str, str]:
    return {
        "token": who.token,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": who.person.id,
        "user_name": who.person.name,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": who.trigger_id,
    }


def message_actions(
    who: Interaction,
    message: Message,
    channel: Channel,
    action: Json,
    state: StateValues,
    response_url: str,
) -> Json:
    """Return block_actions on a message, without its content if it is ephemeral."""
    ephemeral = message.only_for is not None
    payload = {
        **who.head("block_actions"),
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": ephemeral,
        },
        "trigger_id": who.trigger_id,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "state": {"values": state},
        "response_url": response_url,
        "actions": [action],
    }
    if message.thread_ts:
        payload["container"]["thread_ts"] = message.thread_ts
    return payload if ephemeral else {**payload, "message": message_json(message)}


def view_actions(who: Interaction, view: View, action: Json) -> Json:
    return {
        **who.head("block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": who.trigger_id,
        "view": view.as_slack_shows(),
        "actions": [action],
    }


def view_submission(who: Interaction, view: View, response_urls: list[Json]) -> Json:
    return {
        **who.head("view_submission"),
        "trigger_id": who.trigger_id,
        "view": view.as_slack_shows(),
        "response_urls": response_urls,
    }


def view_closed(who: Interaction, view: View, *, cleared: bool) -> Json:
    return {**who.head("view_closed"), "view": view.as_slack_shows(), "is_cleared": cleared}


def suggestion(
    who: Interaction, source: View | Message, block_id: str, action_id: str, query: str
) -> Json:
    payload = {
        **who.head("block_suggestion"),
        "action_id": action_id,
        "block_id": block_id,
        "value": query,
    }
    if isinstance(source, View):
        container: Json = {"type": "view", "view_id": source.id}
        return {**payload, "container": container, "view": source.as_slack_shows()}
    container = {
        "type": "message",
        "message_ts": source.ts,
        "channel_id": source.channel,
        "is_ephemeral": source.only_for is not None,
    }
    payload |= {"container": container, "channel": {"id": source.channel}}
    return payload if source.only_for else {**payload, "message": message_json(source)}


def message_json(message: Message) -> Json:
    """Return a message as the Web API and payloads represent it.

    A person's message has a client ID, and its text a second time as a rich_text block.
    """
    own = message.author == APP_USER
    shown: Json = {
        "user": message.author,
        "type": "message",
        "ts": message.ts,
        "text": message.content.text,
        "team": TEAM_ID,
    }
    if own:
        shown |= {"bot_id": APP_BOT, "app_id": APP_ID}
    if message.content.blocks:
        shown["blocks"] = message.content.blocks
    if not own:
        shown["client_msg_id"] = str(uuid5(NAMESPACE_OID, message.id))
        if message.content.text:
            shown["blocks"] = [rich_text(message.content.text, message.id)]
    if message.content.attachments:
        shown["attachments"] = message.content.attachments
    if message.content.files:
        files = [file.as_slack_shows() for file in message.content.files]
        shown |= {"files": files, "upload": False, "display_as_bot": False}
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.edited_ts:
        shown["edited"] = {"user": message.author, "ts": message.edited_ts}
    return shown


def channel_name(channel: Channel) -> str:
    """Return the name; Slack doesn't reveal those of private channels and direct messages."""
    return _SPOKEN.get(channel.kind, channel.name)


def summary(payload: Mapping[str, Any]) -> str:
    """Return one line about a payload, for the page's list."""
    if "command" in payload:
        return f"{payload['command']} {payload['text']}".strip()
    if payload.get("actions"):
        return str(payload["actions"][0].get("action_id", ""))
    if "value" in payload:
        return f"{payload['action_id']}: {payload['value']}"
    return str(payload.get("view", payload).get("callback_id", ""))


def _without(payload: Json, *names: str) -> Json:
    return {key: value for key, value in payload.items() if key not in names}
