"""The tables of a Slack message: which of its files can be uploaded, and why others can't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import FileUnavailable
from bot.slack import blocks
from bot.slack.commands.command import UploadedFile

FILE_TYPES = ("csv", "tsv", "txt", "xlsx", "xls")
MAX_UPLOAD_BYTES = 10 * 1024 * 1024
"""The limit of Slack's forms. docs.slack.dev/reference/block-kit/block-elements/
file-input-element"""
MAX_NAME_LENGTH = 60
HERE = "Choose a CSV or Excel file here instead."

_TABLE_TYPES = frozenset(
    {
        *FILE_TYPES,
        "text",
        "text/csv",
        "text/plain",
        "text/tab-separated-values",
        "application/csv",
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
_FILE_MODES = frozenset({"", "hosted", "snippet"})
_UNDESCRIBED = "check_file_info"
"""``file_access`` of a file from another workspace, which only files.info describes.
docs.slack.dev/apis/slack-connect"""
_DENIED = frozenset({"access_denied", "file_not_found"})


@dataclass(frozen=True, slots=True)
class MessageTables:
    """The files that may be tables; ``note`` is a sentence if there are none."""

    files: tuple[UploadedFile, ...]
    note: str = ""


def find_tables(message: Mapping[str, Any]) -> MessageTables:
    """Return the tables of a message and of the messages that it forwards."""
    shown = list(_iter_files(message))
    tables = tuple(_parse_file(file) for file in shown if _may_be_table(file))
    return MessageTables(tables, "" if tables else _render_missing_note(shown))


def describe_unavailable(error: FileUnavailable, name: str) -> str:
    """Return a sentence for a file that Slack doesn't provide, or "" if an admin must act."""
    shown = blocks.clip(name, MAX_NAME_LENGTH) or "The file"
    if error.code == "too_large":
        return f"{shown} is larger than 10 MB. Split it into smaller files."
    if error.code == "external_file":
        return f"{shown} isn't stored in Slack. Download it as CSV or Excel, and choose it here."
    if error.code in ("file_deleted", "http_410"):
        return f"{shown} was deleted in Slack. {HERE}"
    if error.code in ("file_not_found", "http_404"):
        return (
            f"Chakra can't see {(name and shown) or 'that file'}: it was deleted, or Chakra isn't "
            "in its channel. Add Chakra there with /invite, or choose the file here."
        )
    if error.retryable:
        return f"Slack didn't give us {(name and shown) or 'the file'}. Try again in a moment."
    return ""


def _iter_files(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    attachments = message.get("attachments")
    holders = [message, *(attachments if isinstance(attachments, list) else ())]
    seen: set[str] = set()
    for holder in holders:
        files = holder.get("files") if isinstance(holder, Mapping) else None
        for file in files if isinstance(files, list) else ():
            if isinstance(file, Mapping) and _get_text(file, "id") and file["id"] not in seen:
                seen.add(file["id"])
                yield file


def _may_be_table(file: Mapping[str, Any]) -> bool:
    access = _get_text(file, "file_access")
    if access == _UNDESCRIBED:
        return True
    if access in _DENIED or _is_external(file) or _get_text(file, "mode") not in _FILE_MODES:
        return False
    ending = _get_text(file, "name").rpartition(".")[2]
    types = {ending, _get_text(file, "filetype"), _get_text(file, "mimetype")}
    return bool({each.casefold() for each in types} & _TABLE_TYPES)


def _render_missing_note(files: Sequence[Mapping[str, Any]]) -> str:
    if not files:
        return f"This message has no file. {HERE}"
    if len(files) > 1:
        return f"None of the {len(files)} files in this message is a CSV or Excel file. {HERE}"
    [file] = files
    name = blocks.clip(_get_text(file, "name") or _get_text(file, "title"), MAX_NAME_LENGTH)
    mode = _get_text(file, "mode")
    if mode == "tombstone":
        return f"The file of this message was deleted. {HERE}"
    if mode == "hidden_by_limit":
        return f"Slack hides the file of this message because of your plan's limit. {HERE}"
    if _get_text(file, "file_access") in _DENIED:
        return f"Slack doesn't let Chakra read the file of this message. {HERE}"
    if _is_external(file):
        shown = name or "The file"
        return f"{shown} isn't stored in Slack. Download it as CSV or Excel, and choose it here."
    return f"{name or 'The file of this message'} isn't a CSV or Excel file. {HERE}"


def _is_external(file: Mapping[str, Any]) -> bool:
    return bool(file.get("is_external")) or _get_text(file, "mode") == "external"


def _parse_file(file: Mapping[str, Any]) -> UploadedFile:
    size = file.get("size")
    return UploadedFile(
        id=_get_text(file, "id"),
        name=_get_text(file, "name"),
        mimetype=_get_text(file, "mimetype"),
        size=size if type(size) is int and size >= 0 else None,
    )


def _get_text(file: Mapping[str, Any], key: str) -> str:
    value = file.get(key)
    return value if isinstance(value, str) else ""
