"""chat.*: post, post ephemerally, edit, delete, link."""

from __future__ import annotations

from dataclasses import replace

from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.limits import BOUNDS
from bot.sandbox.slack.messages import MessageContent, StoredMessage
from bot.sandbox.slack.methods.call import Json, Method, MethodCall
from bot.sandbox.slack.payloads import build_message_json
from bot.sandbox.slack.rate_limiter import POSTS_PER_MINUTE, TIERS
from bot.sandbox.slack.seed import APP_USER, TEAM_DOMAIN, WorkspaceChannel

MAX_EDIT_BYTES = 4_000
"""Bytes of ``text`` in chat.update (docs.slack.dev/reference/methods/chat.update: msg_too_long)."""
MAX_METADATA_LENGTH = 16_000
TRUNCATED = "message_truncated"
"""Slack truncates a text over 40,000 characters, and adds a warning."""

_POST_SCOPE = "chat:write"
_PUBLIC_SCOPE = "chat:write.public"


def post_message(call: MethodCall) -> Json:
    channel = _find_target_channel(call)
    if APP_USER not in channel.members:
        reachable = channel.kind == "public" and _PUBLIC_SCOPE in call.manifest.scopes
        if not reachable:
            raise WebApiError("not_in_channel")
    thread_ts = _find_thread_parent(call, channel)
    content = _validate_content(call)
    wait = call.rate_limiter.acquire_post(channel.id)
    if wait:
        raise WebApiError("ratelimited", status=429, retry_after=wait)
    message = call.workspace.post_as_app(
        channel.id,
        content,
        thread_ts=thread_ts,
        broadcast=bool(thread_ts) and call.flag("reply_broadcast"),
    )
    return {
        "channel": channel.id,
        "ts": message.ts,
        "message": _build_message(message),
        **_build_truncation_warning(call),
    }


def post_ephemeral(call: MethodCall) -> Json:
    channel = call.require_channel()
    if channel.archived:
        raise WebApiError("is_archived")
    if APP_USER not in channel.members:
        raise WebApiError("not_in_channel")
    person = call.require_text("user")
    if person not in channel.members:
        raise WebApiError("user_not_in_channel")
    content = _validate_content(call)
    thread_ts = call.args.get("thread_ts")
    message = call.workspace.post_as_app(channel.id, content, only_for=person, thread_ts=thread_ts)
    return {"message_ts": message.ts}


def update_message(call: MethodCall) -> Json:
    """Change one of the app's public messages.

    Text alone removes the blocks. Otherwise arguments that are absent leave their part unchanged.
    """
    message = _require_own_message(call, "cant_update_message")
    if call.workspace.channels[message.channel].archived:
        raise WebApiError("is_inactive")
    if len(str(call.args.get("text") or "").encode()) > MAX_EDIT_BYTES:
        raise call.workspace.validator.record_rejection(call.name, "msg_too_long", dict(call.args))
    content = _validate_content(call)
    before = message.content
    text_alone = bool(content.text) and content.blocks is None and content.attachments is None
    content = replace(
        content,
        blocks=before.blocks if content.blocks is None and not text_alone else content.blocks,
        attachments=before.attachments if content.attachments is None else content.attachments,
        metadata=before.metadata if content.metadata is None else content.metadata,
        files=before.files,
    )
    changed = call.workspace.edit_message(message, content, edited=True)
    return {
        "channel": changed.channel,
        "ts": changed.ts,
        "text": changed.content.text,
        "message": _build_message(changed),
    }


def delete_message(call: MethodCall) -> Json:
    message = _require_own_message(call, "cant_delete_message")
    call.workspace.messages.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(call: MethodCall) -> Json:
    channel = call.require_channel()
    message = call.workspace.messages.find_public(channel.id, call.require_text("message_ts"))
    if message is None:
        raise WebApiError("message_not_found")
    digits = message.ts.replace(".", "")
    link = f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{digits}"
    return {"channel": channel.id, "permalink": link}


def _find_target_channel(call: MethodCall) -> WorkspaceChannel:
    """Return a post's channel, named by its ID or name, or the DM of a person named by ID."""
    wanted = call.require_text("channel")
    if wanted.startswith("U"):
        channel = call.workspace.find_direct_messages(wanted)
    else:
        channel = call.workspace.find_channel(wanted) or call.require_channel()
    if channel is None:
        raise WebApiError("channel_not_found")
    if channel.archived:
        raise WebApiError("is_archived")
    if channel.kind == "im" and not call.manifest.messages_tab_enabled:
        raise WebApiError("messages_tab_disabled")
    return channel


def _find_thread_parent(call: MethodCall, channel: WorkspaceChannel) -> str | None:
    """Return the parent of a reply, which must exist and not be a reply itself.

    The method's page says only "avoid using a reply's ts value", and nothing about a deleted
    parent; ``thread_not_found`` comes from slackapi/bolt-js#2307.
    """
    thread_ts = call.args.get("thread_ts")
    if not thread_ts:
        return None
    parent = call.workspace.messages.find_public(channel.id, str(thread_ts))
    if parent is None:
        raise WebApiError("thread_not_found")
    if parent.thread_ts not in (None, parent.ts):
        raise WebApiError("cannot_reply_to_message")
    return parent.ts


def _validate_content(call: MethodCall) -> MessageContent:
    _check_blocks_format(call)
    _check_metadata(call)
    return call.workspace.validator.validate_message(call.name, call.args)


def _build_truncation_warning(call: MethodCall) -> Json:
    """Return Slack's warning for a truncated text, or nothing."""
    if len(str(call.args.get("text") or "")) <= BOUNDS["message.text"].high:
        return {}
    return {
        "warning": TRUNCATED,
        "response_metadata": {"warnings": [TRUNCATED]},
    }


def _check_blocks_format(call: MethodCall) -> None:
    blocks = call.args.get("blocks")
    if blocks is not None and not isinstance(blocks, list):
        raise call.workspace.validator.record_rejection(
            call.name, "invalid_blocks_format", dict(call.args)
        )


def _check_metadata(call: MethodCall) -> None:
    metadata = call.args.get("metadata")
    if metadata is None:
        return
    shaped = (
        isinstance(metadata, dict)
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), dict)
    )
    if not shaped:
        raise call.workspace.validator.record_rejection(
            call.name, "invalid_metadata_format", dict(call.args)
        )
    if len(str(metadata)) > MAX_METADATA_LENGTH:
        raise call.workspace.validator.record_rejection(
            call.name, "metadata_too_large", dict(call.args)
        )


def _require_own_message(call: MethodCall, error: str) -> StoredMessage:
    """Return the app's own message by channel and ts. Raise ``WebApiError`` for any other."""
    channel = call.require_channel()
    message = call.workspace.messages.find_public(channel.id, call.require_text("ts"))
    if message is None:
        raise WebApiError("message_not_found")
    if message.author != APP_USER:
        raise WebApiError(error)
    return message


def _build_message(message: StoredMessage) -> Json:
    shown = build_message_json(message)
    if message.content.metadata:
        shown["metadata"] = message.content.metadata
    return shown


METHODS = (
    Method("chat.postMessage", post_message, POSTS_PER_MINUTE, _POST_SCOPE),
    Method("chat.postEphemeral", post_ephemeral, TIERS[4], _POST_SCOPE),
    Method("chat.update", update_message, TIERS[3], _POST_SCOPE),
    Method("chat.delete", delete_message, TIERS[3], _POST_SCOPE),
    Method("chat.getPermalink", get_permalink, POSTS_PER_MINUTE),
)
