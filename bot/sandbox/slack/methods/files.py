"""files.*: what the app may read of a file, and the three steps of its own uploads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.limits import PayloadFinding
from bot.sandbox.slack.messages import MessageContent
from bot.sandbox.slack.methods.call import Json, Method, MethodCall
from bot.sandbox.slack.rate_limiter import TIERS
from bot.sandbox.slack.seed import APP_USER, WorkspaceChannel

_CONVERSATION_ID_PATTERN = re.compile(r"[CGDZ][A-Z0-9]+")
"""The form of ``channel_id``; the real one requires nine characters or more. Observed:
github.com/slackapi/bolt-js/issues/2115"""
MAX_UPLOAD_BYTES = 1_000_000_000
"""1 GB: slack.com/help/articles/201330736. That the error is this one is INFERRED; it is documented
for a workspace that restricts large files."""
MAX_ALT_TEXT_LENGTH = 1_000
"""docs.slack.dev/reference/methods/files.getUploadURLExternal: alt_txt_too_large."""


def files_info(call: MethodCall) -> Json:
    file = call.workspace.files.get_for_app(call.require_text("file"))
    return {
        "file": file.to_json(),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }


def get_upload_url(call: MethodCall) -> Json:
    """Announce an upload. The second step posts the bytes to the URL, the third completes it."""
    name, length = call.require_text("filename"), _require_length(call)
    if len(str(call.args.get("alt_txt") or "")) > MAX_ALT_TEXT_LENGTH:
        raise WebApiError("alt_txt_too_large")
    file_id, url = call.workspace.files.create_upload(name, length)
    return {"upload_url": url, "file_id": file_id}


def complete_upload(call: MethodCall) -> Json:
    """Create files from uploads, and one message with them in each given place."""
    wanted = _read_requested_files(call)
    places = _list_target_channels(call)
    _check_rate_limits(call, places)
    store = call.workspace.files
    made = [
        store.complete_upload(each["id"], APP_USER, each["title"], tuple(places)) for each in wanted
    ]
    content = MessageContent(text=str(call.args.get("initial_comment") or ""), files=tuple(made))
    for channel in places:
        call.workspace.post_as_app(channel.id, content, thread_ts=call.args.get("thread_ts"))
    return {"files": [{"id": file.id, "title": file.title} for file in made]}


def delete_file(call: MethodCall) -> Json:
    """Delete one of the app's own files; the messages that show it stay."""
    store = call.workspace.files
    file = store.get_for_app(call.require_text("file"))
    if file.owner != APP_USER:
        raise WebApiError("cant_delete_file")
    gone = store.delete(file.id)
    for channel in file.shares:
        for message in call.workspace.messages.list_messages(channel.id):
            if any(shown.id == file.id for shown in message.content.files):
                files = tuple(
                    gone if shown.id == file.id else shown for shown in message.content.files
                )
                call.workspace.messages.replace(message, replace(message.content, files=files))
    return {}


def _require_length(call: MethodCall) -> int:
    call.require_text("length")
    length = call.read_integer("length", 0)
    if length < 1:
        raise WebApiError("missing_argument")
    if length > MAX_UPLOAD_BYTES:
        raise WebApiError("file_upload_size_restricted")
    return length


def _read_requested_files(call: MethodCall) -> list[dict[str, str]]:
    """Return ``[{"id", "title"}]``, each uploaded and not completed."""
    given = call.args.get("files")
    if not isinstance(given, list) or not given or not all(isinstance(f, dict) for f in given):
        raise _build_invalid_argument("/files", "must provide an array")
    wanted = [{"id": str(f.get("id", "")), "title": str(f.get("title") or "")} for f in given]
    if any(not call.workspace.files.is_uploaded(each["id"]) for each in wanted):
        raise WebApiError("file_not_found")
    return wanted


def _list_target_channels(call: MethodCall) -> list[WorkspaceChannel]:
    """Return the places to share in.

    ``channel_id`` names a channel and never a person; ``channels`` are comma-separated channels or
    people. A thread is in one of them.
    """
    one = call.args.get("channel_id")
    if one:
        if not _CONVERSATION_ID_PATTERN.fullmatch(str(one)):
            raise _build_invalid_argument(
                "/channel_id", "input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$"
            )
        return [_require_writable(call, call.require_channel("channel_id"))]
    named = [name.strip() for name in str(call.args.get("channels") or "").split(",")]
    places = [_require_writable(call, _find_channel(call, name)) for name in named if name]
    if call.args.get("thread_ts") and len(places) > 1:
        raise _build_invalid_argument("/thread_ts", "provide only one channel with thread_ts")
    return places


def _build_invalid_argument(pointer: str, message: str) -> WebApiError:
    return WebApiError("invalid_arguments", [PayloadFinding("shape", pointer, message)])


def _find_channel(call: MethodCall, name: str) -> WorkspaceChannel | None:
    if name.startswith("U"):
        return call.workspace.find_direct_messages(name)
    channel = call.workspace.channels.get(name)
    hidden = channel is not None and channel.kind == "private" and APP_USER not in channel.members
    return None if hidden else channel


def _require_writable(call: MethodCall, channel: WorkspaceChannel | None) -> WorkspaceChannel:
    if channel is None:
        raise WebApiError("channel_not_found")
    if channel.archived:
        raise WebApiError("is_archived")
    if APP_USER not in channel.members:
        raise WebApiError("not_in_channel")
    if channel.kind == "im" and not call.manifest.messages_tab_enabled:
        raise WebApiError("messages_tab_disabled")
    return channel


def _check_rate_limits(call: MethodCall, channels: Sequence[WorkspaceChannel]) -> None:
    for channel in channels:
        wait = call.rate_limiter.acquire_post(channel.id)
        if wait:
            raise WebApiError("ratelimited", status=429, retry_after=wait)


METHODS = (
    Method("files.info", files_info, TIERS[4], "files:read"),
    Method("files.getUploadURLExternal", get_upload_url, TIERS[4], "files:write"),
    Method("files.completeUploadExternal", complete_upload, TIERS[4], "files:write"),
    Method("files.delete", delete_file, TIERS[3], "files:write"),
)
