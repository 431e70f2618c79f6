"""Files as Slack stores them: chosen by a person in a form, or uploaded by the app."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from bot.aio.clock import Clock
from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.ids import IdGenerator
from bot.sandbox.slack.seed import APP_USER, TEAM_DOMAIN, TEAM_ID, WorkspaceChannel

Json = dict[str, Any]

MAX_FORM_FILE_BYTES = 10 * 1024 * 1024
"""docs.slack.dev/reference/block-kit/block-elements/file-input-element: 10 MB a file."""

_FILETYPES: Mapping[str, tuple[str, str]] = {
    "jpg": ("jpg", "JPEG"),
    "jpeg": ("jpg", "JPEG"),
    "png": ("png", "PNG"),
    "gif": ("gif", "GIF"),
    "webp": ("webp", "WebP"),
    "pdf": ("pdf", "PDF"),
    "csv": ("csv", "CSV"),
    "txt": ("text", "Plain Text"),
    "docx": ("docx", "Word Document"),
    "xlsx": ("xlsx", "Excel Spreadsheet"),
    "mp3": ("mp3", "MP3"),
    "m4a": ("m4a", "MPEG 4 Audio"),
    "ogg": ("ogg", "OGG Vorbis Audio"),
    "3gp": ("3gp", "3GPP Multimedia"),
    "mp4": ("mp4", "MPEG 4 Video"),
    "zip": ("zip", "Zip"),
    "svg": ("svg", "SVG"),
    "vcf": ("vcard", "vCard"),
}
"""Extension to ``filetype`` and ``pretty_type``. docs.slack.dev/reference/objects/file-object"""
_UNKNOWN_FILETYPE = ("binary", "Binary")
_MEDIA_DISPLAY_TYPES: Mapping[str, str] = {"audio": "audio", "video": "video"}


_CONTENT_TYPES: Mapping[str, str] = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "csv": "text/csv",
    "txt": "text/plain",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "3gp": "video/3gpp",
    "mp4": "video/mp4",
    "zip": "application/zip",
}
_SHARE_KEYS: Mapping[str, str] = {
    "public": "channels",
    "shared": "channels",
    "private": "groups",
    "im": "ims",
    "group": "groups",
    "pair": "ims",
}


@dataclass(frozen=True)
class LocalFile:
    """A file on the person's computer."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True)
class HostedFile:
    """A stored file; ``created`` is in epoch seconds, ``owner`` a person or the app's user.

    ``shares`` are the channels of the messages that show it, ``details`` the fields that its kind
    has besides.
    """

    id: str
    owner: str
    name: str
    title: str
    content_type: str
    data: bytes
    created: int
    base_url: str
    shares: tuple[WorkspaceChannel, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    is_deleted: bool = False

    @property
    def extension(self) -> str:
        return find_extension(self.name)

    def to_message_json(self) -> Json:
        """Return the file object of a message: incomplete in a channel of Slack Connect.

        docs.slack.dev/apis/slack-connect, "check_file_info". That shortcuts have it too is INFERRED
        from events.
        """
        if self.is_deleted:
            return {"id": self.id, "mode": "tombstone"}
        if any(channel.kind == "shared" for channel in self.shares):
            access = {"mode": "file_access", "file_access": "check_file_info"}
            return {"id": self.id, **access, "created": 0, "timestamp": 0, "user": ""}
        return self.to_json()

    def to_json(self) -> Json:
        """Return Slack's file object. docs.slack.dev/reference/objects/file-object."""
        filetype, pretty = _FILETYPES.get(self.extension, _UNKNOWN_FILETYPE)
        place, name = f"{TEAM_ID}-{self.id}", quote(_build_url_name(self.name))
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title,
            "mimetype": self.content_type,
            "filetype": filetype,
            "pretty_type": pretty,
            "user": self.owner,
            "user_team": TEAM_ID,
            "editable": False,
            "size": len(self.data),
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{self.base_url}/files-pri/{place}/{name}",
            "url_private_download": f"{self.base_url}/files-pri/{place}/download/{name}",
            "media_display_type": _MEDIA_DISPLAY_TYPES.get(
                self.content_type.partition("/")[0], "unknown"
            ),
            "permalink": f"https://{TEAM_DOMAIN}.slack.com/files/{self.owner}/{self.id}/{name}",
            "comments_count": 0,
            "is_starred": False,
            "shares": {},
            **_build_share_fields(self.shares),
            "has_rich_preview": False,
            "file_access": "visible",
            **self.details,
        }


@dataclass(frozen=True)
class PendingUpload:
    """An upload that the app announced; ``data`` is None until it arrives."""

    file_id: str
    name: str
    length: int
    data: bytes | None = None


class FileStore:
    """All files. ``base_url`` begins every file's URL; the server sets it once it is served."""

    def __init__(self, ids: IdGenerator, clock: Clock) -> None:
        self._ids = ids
        self._clock = clock
        self._files: dict[str, HostedFile] = {}
        self._visible_to_app: set[str] = set()
        self._pending_uploads: dict[str, PendingUpload] = {}
        self.base_url = ""

    def list_all(self) -> list[HostedFile]:
        return list(self._files.values())

    def get(self, file_id: str) -> HostedFile | None:
        return self._files.get(file_id)

    def list_owned(self, owner: str) -> list[HostedFile]:
        return [file for file in self._files.values() if file.owner == owner]

    def add(self, owner: str, upload: LocalFile) -> HostedFile:
        """Store a file that a person chose; the app can't see it until the form is submitted."""
        return self._store(self._ids.generate_id("F"), owner, upload)

    def share(
        self,
        owner: str,
        upload: LocalFile,
        channel: WorkspaceChannel,
        *,
        title: str = "",
        details: Mapping[str, Any],
    ) -> HostedFile:
        """Store a file that is posted in a channel, where the app can see it if it is a member."""
        file_id = self._ids.generate_id("F")
        file = self._store(file_id, owner, upload, title=title, shares=(channel,), details=details)
        if APP_USER in channel.members:
            self.reveal_to_app([file_id])
        return file

    def reveal_to_app(self, file_ids: Iterable[str]) -> None:
        self._visible_to_app.update(file_ids)

    def get_for_app(self, file_id: str) -> HostedFile:
        """Return the file. Raise ``WebApiError`` if it is deleted or never reached the app."""
        file = self._files.get(file_id)
        if file is None or file_id not in self._visible_to_app:
            raise WebApiError("file_not_found")
        if file.is_deleted:
            raise WebApiError("file_deleted")
        return file

    def delete(self, file_id: str) -> HostedFile:
        """Delete the file as its owner does; its messages show that it is gone."""
        file = self._files[file_id] = replace(self._files[file_id], is_deleted=True)
        return file

    # The app's own uploads: announced, sent, completed.

    def create_upload(self, name: str, length: int) -> tuple[str, str]:
        """Return the future file's ID, and the URL that accepts its bytes once."""
        pending = PendingUpload(self._ids.generate_id("F"), name, length)
        key = secrets.token_urlsafe(32)
        self._pending_uploads[key] = pending
        return pending.file_id, f"{self.base_url}/upload/v1/{key}"

    def get_pending_upload(self, key: str) -> PendingUpload | None:
        """Return the pending upload with this key, or None."""
        pending = self._pending_uploads.get(key)
        return pending if pending is not None and pending.data is None else None

    def receive_upload(self, key: str, data: bytes) -> None:
        self._pending_uploads[key] = replace(self._pending_uploads[key], data=data)

    def is_uploaded(self, file_id: str) -> bool:
        """Return whether the bytes of an announced file have arrived and it is not completed."""
        uploads = self._pending_uploads.values()
        return any(each.file_id == file_id and each.data is not None for each in uploads)

    def complete_upload(
        self, file_id: str, owner: str, title: str, shares: tuple[WorkspaceChannel, ...]
    ) -> HostedFile:
        key, pending = next(
            (key, each) for key, each in self._pending_uploads.items() if each.file_id == file_id
        )
        del self._pending_uploads[key]
        upload = LocalFile(pending.name, _guess_content_type(pending.name), pending.data or b"")
        self._visible_to_app.add(file_id)
        return self._store(file_id, owner, upload, title=title, shares=shares)

    def _store(
        self,
        file_id: str,
        owner: str,
        upload: LocalFile,
        *,
        title: str = "",
        shares: tuple[WorkspaceChannel, ...] = (),
        details: Mapping[str, Any] | None = None,
    ) -> HostedFile:
        file = HostedFile(
            id=file_id,
            owner=owner,
            name=upload.name,
            title=title or upload.name,
            content_type=upload.content_type,
            data=upload.data,
            created=int(self._clock.time()),
            base_url=self.base_url,
            shares=shares,
            details=details or {},
        )
        self._files[file_id] = file
        return file


def find_extension(name: str) -> str:
    """Return "jpg" for "Photo.JPG"."""
    return PurePosixPath(name).suffix.removeprefix(".").lower()


def _guess_content_type(name: str) -> str:
    """Return the MIME type that Slack infers from the name."""
    return _CONTENT_TYPES.get(find_extension(name), "application/octet-stream")


def _build_url_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name.lower())


def _build_share_fields(shares: tuple[WorkspaceChannel, ...]) -> Json:
    where: dict[str, list[str]] = {"channels": [], "groups": [], "ims": []}
    for channel in shares:
        where[_SHARE_KEYS[channel.kind]].append(channel.id)
    return {"is_public": bool(where["channels"]), **where}
