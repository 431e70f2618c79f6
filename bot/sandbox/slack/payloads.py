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
from bot.sandbox.slack.messages import StoredMessage
from bot.sandbox.slack.rich_text import to_rich_text_block
from bot.sandbox.slack.seed import (
    APP_BOT,
    APP_ID,
    APP_USER,
    HELPDESK,
    HELPDESK_BOT,
    TEAM_DOMAIN,
    TEAM_ID,
    WorkspaceChannel,
    WorkspaceMember,
)
from bot.sandbox.slack.views import StoredView

Json = dict[str, Any]

_PRIVATE_CHANNEL_NAMES = {
    "im": "directmessage",
    "pair": "directmessage",
    "private": "privategroup",
}


@dataclass(frozen=True)
class InteractionContext:
    """The common part of interaction payloads; ``token`` is the old verification token."""

    member: WorkspaceMember
    token: str
    trigger_id: str

    def build_common_fields(self, kind: str) -> Json:
        return {
            "type": kind,
            "user": {
                "id": self.member.id,
                "username": self.member.name,
                "name": self.member.name,
                "team_id": self.member.team_id,
            },
            "api_app_id": APP_ID,
            "token": self.token,
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "enterprise": None,
            "is_enterprise_install": False,
        }


def build_shortcut(interaction: InteractionContext, callback_id: str, action_ts: str) -> Json:
    """Return a global shortcut's payload: no channel, no response URL.

    docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload
    """
    head = interaction.build_common_fields("shortcut")
    person = {key: head["user"][key] for key in ("id", "username", "team_id")}
    return {
        **_omit(head, "api_app_id"),
        "user": person,
        "action_ts": action_ts,
        "callback_id": callback_id,
        "trigger_id": interaction.trigger_id,
    }


def build_message_shortcut(
    interaction: InteractionContext,
    callback_id: str,
    message: StoredMessage,
    channel: WorkspaceChannel,
    response_url: str,
    action_ts: str,
) -> Json:
    """Return a message shortcut's payload.

    docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload
    """
    head = interaction.build_common_fields("message_action")
    person = {key: head["user"][key] for key in ("id", "name", "team_id")}
    return {
        **_omit(head, "api_app_id"),
        "user": person,
        "action_ts": action_ts,
        "callback_id": callback_id,
        "trigger_id": interaction.trigger_id,
        "response_url": response_url,
        "channel": {"id": channel.id, "name": get_visible_channel_name(channel)},
        "message_ts": message.ts,
        "message": build_message_json(message),
    }


def build_command(
    interaction: InteractionContext,
    channel: WorkspaceChannel,
    name: str,
    text: str,
    response_url: str,
) -> dict[str, str]:
    return {
        "token": interaction.token,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": get_visible_channel_name(channel),
        "user_id": interaction.member.id,
        "user_name": interaction.member.name,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": interaction.trigger_id,
    }


def build_message_actions(
    interaction: InteractionContext,
    message: StoredMessage,
    channel: WorkspaceChannel,
    action: Json,
    state: StateValues,
    response_url: str,
) -> Json:
    """Return block_actions on a message, without its content if it is ephemeral."""
    ephemeral = message.only_for is not None
    payload = {
        **interaction.build_common_fields("block_actions"),
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": ephemeral,
        },
        "trigger_id": interaction.trigger_id,
        "channel": {"id": channel.id, "name": get_visible_channel_name(channel)},
        "state": {"values": state},
        "response_url": response_url,
        "actions": [action],
    }
    if message.thread_ts:
        payload["container"]["thread_ts"] = message.thread_ts
    return payload if ephemeral else {**payload, "message": build_message_json(message)}


def build_preview_actions(
    interaction: InteractionContext,
    message: StoredMessage,
    channel: WorkspaceChannel,
    preview: Json,
    action: Json,
    response_url: str,
) -> Json:
    """Return block_actions of a link's preview, which come without the message.

    docs.slack.dev/messaging/unfurling-links-in-messages, "Alternate interactive payload behavior"
    """
    url = preview["app_unfurl_url"]
    container: Json = {
        "type": "message_attachment",
        "message_ts": message.ts,
        "attachment_id": preview.get("id", 1),
        "channel_id": message.channel,
        "is_ephemeral": False,
        "is_app_unfurl": True,
        "app_unfurl_url": url,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    if entity := preview.get("entity"):
        container |= {"entity_url": entity["url"], "external_ref": entity["external_ref"]}
    return {
        **interaction.build_common_fields("block_actions"),
        "container": container,
        "trigger_id": interaction.trigger_id,
        "channel": {"id": channel.id, "name": get_visible_channel_name(channel)},
        "app_unfurl": _omit(preview, "entity"),
        "response_url": response_url,
        "actions": [action],
    }


def build_pane_actions(interaction: InteractionContext, container: Json, action: Json) -> Json:
    """Return block_actions of the pane beside a preview.

    Slack's pages show none: that it has neither a channel nor a response URL is the stricter guess.
    """
    return {
        **interaction.build_common_fields("block_actions"),
        "container": container,
        "trigger_id": interaction.trigger_id,
        "actions": [action],
    }


def build_view_actions(interaction: InteractionContext, view: StoredView, action: Json) -> Json:
    return {
        **interaction.build_common_fields("block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": interaction.trigger_id,
        "view": view.to_json(),
        "actions": [action],
    }


def build_view_submission(
    interaction: InteractionContext, view: StoredView, response_urls: list[Json]
) -> Json:
    return {
        **interaction.build_common_fields("view_submission"),
        "trigger_id": interaction.trigger_id,
        "view": view.to_json(),
        "response_urls": response_urls,
    }


def build_view_closed(interaction: InteractionContext, view: StoredView, *, cleared: bool) -> Json:
    return {
        **interaction.build_common_fields("view_closed"),
        "view": view.to_json(),
        "is_cleared": cleared,
    }


def build_suggestion(
    interaction: InteractionContext,
    source: StoredView | StoredMessage,
    block_id: str,
    action_id: str,
    query: str,
) -> Json:
    payload = {
        **interaction.build_common_fields("block_suggestion"),
        "action_id": action_id,
        "block_id": block_id,
        "value": query,
    }
    if isinstance(source, StoredView):
        container: Json = {"type": "view", "view_id": source.id}
        return {**payload, "container": container, "view": source.to_json()}
    container = {
        "type": "message",
        "message_ts": source.ts,
        "channel_id": source.channel,
        "is_ephemeral": source.only_for is not None,
    }
    payload |= {"container": container, "channel": {"id": source.channel}}
    return payload if source.only_for else {**payload, "message": build_message_json(source)}


def build_message_json(message: StoredMessage) -> Json:
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
    if message.author == HELPDESK:
        del shown["user"]
        shown |= {"subtype": "bot_message", "bot_id": HELPDESK_BOT, "username": "Helpdesk"}
    elif not own:
        shown["client_msg_id"] = str(uuid5(NAMESPACE_OID, message.id))
        if message.content.text:
            shown["blocks"] = [to_rich_text_block(message.content.text, message.id)]
    if message.content.attachments:
        shown["attachments"] = message.content.attachments
    if message.content.files:
        files = [file.to_message_json() for file in message.content.files]
        shown |= {"files": files, "upload": False, "display_as_bot": False}
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.edited_ts:
        shown["edited"] = {"user": message.author, "ts": message.edited_ts}
    return shown


def get_visible_channel_name(channel: WorkspaceChannel) -> str:
    """Return the name; Slack doesn't reveal those of private channels and direct messages.

    That of a group conversation names its people: "mpdm-priya--john--mei-1".
    """
    return _PRIVATE_CHANNEL_NAMES.get(channel.kind, channel.name)


def summarize(payload: Mapping[str, Any]) -> str:
    """Return one line about a payload, for the page's list."""
    if "command" in payload:
        return f"{payload['command']} {payload['text']}".strip()
    if payload.get("actions"):
        return str(payload["actions"][0].get("action_id", ""))
    if "value" in payload:
        return f"{payload['action_id']}: {payload['value']}"
    return str(payload.get("view", payload).get("callback_id", ""))


def _omit(payload: Json, *names: str) -> Json:
    return {key: value for key, value in payload.items() if key not in names}
