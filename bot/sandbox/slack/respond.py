"""The effects of a response URL's body, and of a command's ack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack.delivery import Ack
from bot.sandbox.slack.messages import Content
from bot.sandbox.slack.passes import ResponseUrl
from bot.sandbox.slack.refusal import Refused
from bot.sandbox.slack.workspace import Workspace

PUBLIC = "in_channel"


def respond(workspace: Workspace, path: str, body: Mapping[str, Any]) -> None:
    """Apply a post to a response URL. Raise ``Refused`` for a used-up URL or an invalid body."""
    url = workspace.urls.check(path)
    content = workspace.gate.response("response_url", body)
    workspace.urls.spend(url)
    original = workspace.messages.get(url.message) if url.message else None
    if original is not None and body.get("delete_original"):
        workspace.messages.delete(original)
    elif original is not None and body.get("replace_original"):
        workspace.rewrite(original, content, edited=False)
        return
    if content != Content():
        _say(workspace, url, body, content)


def command_acked(workspace: Workspace, person: str, channel: str, typed: str, ack: Ack) -> None:
    """Show the ack of a slash command, or the notice that it failed.

    An ack with ``in_channel`` publishes the typed command too.
    """
    command = typed.split(maxsplit=1)[0]
    body = ack.body or {}
    if ack.error:
        _command_failed(workspace, person, channel, command, ack.error)
        return
    if not any(body.get(part) for part in ("text", "blocks", "attachments", "response_type")):
        return
    public = body.get("response_type") == PUBLIC
    if public and set(body) == {"response_type"}:
        workspace.say(person, channel, typed)
        return
    try:
        content = workspace.gate.response("command ack", body)
    except Refused:
        _command_failed(workspace, person, channel, command, "invalid_command_response")
        return
    if public:
        workspace.say(person, channel, typed)
    workspace.post(channel, content, only_for=None if public else person)


def _say(workspace: Workspace, url: ResponseUrl, body: Mapping[str, Any], content: Content) -> None:
    public = body.get("response_type") == PUBLIC
    workspace.post(
        url.channel,
        content,
        only_for=None if public else url.person,
        thread_ts=body.get("thread_ts"),
    )


def _command_failed(
    workspace: Workspace, person: str, channel: str, command: str, error: str
) -> None:
    workspace.notice(person, f'{command} failed with the error "{error}"', channel)
