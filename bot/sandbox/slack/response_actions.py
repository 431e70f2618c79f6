"""The effects of a response URL's body, and of a command's ack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.messages import MessageContent
from bot.sandbox.slack.payload_delivery import AckResult
from bot.sandbox.slack.short_lived_tokens import ResponseUrl
from bot.sandbox.slack.workspace import Workspace

IN_CHANNEL = "in_channel"


def apply_response(workspace: Workspace, path: str, body: Mapping[str, Any]) -> None:
    """Apply a post to a response URL.

    Raise ``WebApiError`` for a used-up URL or an invalid body.
    """
    url = workspace.response_urls.check(path)
    content = workspace.validator.validate_response("response_url", body)
    workspace.response_urls.record_use(url)
    original = workspace.messages.get(url.message) if url.message else None
    if original is not None and body.get("delete_original"):
        workspace.messages.delete(original)
    elif original is not None and body.get("replace_original"):
        workspace.edit_message(original, content, edited=False)
        return
    if content != MessageContent():
        _post_response(workspace, url, body, content)


def apply_command_ack(
    workspace: Workspace, person: str, channel: str, typed: str, ack: AckResult
) -> None:
    """Show the ack of a slash command, or the notice that it failed.

    An ack with ``list_messages`` publishes the typed command too.
    """
    command = typed.split(maxsplit=1)[0]
    body = ack.body or {}
    if ack.error:
        _post_command_failure(workspace, person, channel, command, ack.error)
        return
    if not any(body.get(part) for part in ("text", "blocks", "attachments", "response_type")):
        return
    public = body.get("response_type") == IN_CHANNEL
    if public and set(body) == {"response_type"}:
        workspace.post_as_person(person, channel, typed)
        return
    try:
        content = workspace.validator.validate_response("command ack", body)
    except WebApiError:
        _post_command_failure(workspace, person, channel, command, "invalid_command_response")
        return
    if public:
        workspace.post_as_person(person, channel, typed)
    workspace.post_as_app(channel, content, only_for=None if public else person)


def _post_response(
    workspace: Workspace, url: ResponseUrl, body: Mapping[str, Any], content: MessageContent
) -> None:
    public = body.get("response_type") == IN_CHANNEL
    workspace.post_as_app(
        url.channel,
        content,
        only_for=None if public else url.person,
        thread_ts=body.get("thread_ts"),
    )


def _post_command_failure(
    workspace: Workspace, person: str, channel: str, command: str, error: str
) -> None:
    workspace.notify(person, f'{command} failed with the error "{error}"', channel)
