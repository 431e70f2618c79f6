"""files.*: what the app may read of a file, and the three steps of its own uploads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.sandbox.slack.limits import Finding
from bot.sandbox.slack.messages import Content
from bot.sandbox.slack.methods.call import Call, Json, Method
from bot.sandbox.slack.rates import TIERS
from bot.sandbox.slack.refusal import Refused
from bot.sandbox.slack.seed import APP_USER, Channel

_CONVERSATION = re.compile(r"[CGDZ][A-Z0-9]+")
"""The form of ``channel_id``; the real one requires nine characters or more. Observed:
github.com/slackapi/bolt-js/issues/2115"""
LONGEST_ALT_TEXT = 1_000
"""docs.slack.dev/reference/methods/files.getUploadURLExternal: alt_txt_too_large."""


def files_info(call: Call) -> Json:
    file = call.workspace.files.for_app(call.text("file"))
    return {
        "file": file.as_slack_shows(),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }


def get_upload_url(call: Call) -> Json:
    """Announce an upload. The second step posts the bytes to the URL, the third completes it."""
    name, length = call.text("filename"), _length(call)
    if len(str(call.args.get("alt_txt") or "")) > LONGEST_ALT_TEXT:
        raise Refused("alt_txt_too_large")
    file_id, url = call.workspace.files.promise(name, length)
    return {"upload_url": url, "file_id": file_id}


def complete_upload(call: Call) -> Json:
    """Create files from uploads, and one message with them in each given place."""
    wanted = _wanted(call)
    places = _places(call)
    _take_turns(call, places)
    store = call.workspace.files
    made = [store.complete(each["id"], APP_USER, each["title"], tuple(places)) for each in wanted]
    content = Content(text=str(call.args.get("initial_comment") or ""), files=tuple(made))
    for channel in places:
        call.workspace.post(channel.id, content, thread_ts=call.args.get("thread_ts"))
    return {"files": [{"id": file.id, "title": file.title} for file in made]}


def _length(call: Call) -> int:
    call.text("length")
    length = call.number("length", 0)
    if length < 1:
        raise Refused("missing_argument")
    return length


def _wanted(call: Call) -> list[dict[str, str]]:
    """Return ``[{"id", "title"}]``, each uploaded and not completed."""
    given = call.args.get("files")
    if not isinstance(given, list) or not given or not all(isinstance(f, dict) for f in given):
        raise _invalid("/files", "must provide an array")
    wanted = [{"id": str(f.get("id", "")), "title": str(f.get("title") or "")} for f in given]
    if any(not call.workspace.files.waiting(each["id"]) for each in wanted):
        raise Refused("file_not_found")
    return wanted


def _places(call: Call) -> list[Channel]:
    """Return the places to share in.

    ``channel_id`` names a channel and never a person; ``channels`` are comma-separated channels or
    people. A thread is in one of them.
    """
    one = call.args.get("channel_id")
    if one:
        if not _CONVERSATION.fullmatch(str(one)):
            raise _invalid("/channel_id", "input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$")
        return [_writable(call, call.channel("channel_id"))]
    named = [name.strip() for name in str(call.args.get("channels") or "").split(",")]
    places = [_writable(call, _place(call, name)) for name in named if name]
    if call.args.get("thread_ts") and len(places) > 1:
        raise _invalid("/thread_ts", "provide only one channel with thread_ts")
    return places


def _invalid(where: str, told: str) -> Refused:
    return Refused("invalid_arguments", [Finding("shape", where, told)])


def _place(call: Call, name: str) -> Channel | None:
    if name.startswith("U"):
        return call.workspace.direct_messages(name)
    channel = call.workspace.channels.get(name)
    hidden = channel is not None and channel.kind == "private" and APP_USER not in channel.members
    return None if hidden else channel


def _writable(call: Call, channel: Channel | None) -> Channel:
    if channel is None:
        raise Refused("channel_not_found")
    if channel.archived:
        raise Refused("is_archived")
    if APP_USER not in channel.members:
        raise Refused("not_in_channel")
    if channel.kind == "im" and not call.manifest.messages_tab:
        raise Refused("messages_tab_disabled")
    return channel


def _take_turns(call: Call, places: Sequence[Channel]) -> None:
    for channel in places:
        wait = call.rates.post(channel.id)
        if wait:
            raise Refused("ratelimited", status=429, retry_after=wait)


METHODS = (
    Method("files.info", files_info, TIERS[4], "files:read"),
    Method("files.getUploadURLExternal", get_upload_url, TIERS[4], "files:write"),
    Method("files.completeUploadExternal", complete_upload, TIERS[4], "files:write"),
)
