"""Files as Slack stores them: chosen by a person in a form, or uploaded by the app."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from bot.aio.clock import Clock
from bot.sandbox.slack.ids import Ids
from bot.sandbox.slack.refusal import Refused
from bot.sandbox.slack.seed import TEAM_DOMAIN, TEAM_ID, Channel

Json = dict[str, Any]

FORM_FILE_BYTES = 10 * 1024 * 1024
"""docs.slack.dev/reference/block-kit/block-elements/file-input-element: 10 MB a file."""

_PRETTY: Mapping[str, tuple[str, str]] = {
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
    "mp4": ("mp4", "MPEG 4 Video"),
    "zip": ("zip", "Zip"),
}
"""Extension to ``filetype`` and ``pretty_type``. docs.slack.dev/reference/objects/file-object"""
_UNKNOWN = ("binary", "Binary")
_MEDIA: Mapping[str, str] = {"audio": "audio", "video": "video"}


_TYPES: Mapping[str, str] = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "csv": "text/csv",
    "txt": "text/plain",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "zip": "application/zip",
}
_PLACES: Mapping[str, str] = {
    "public": "channels",
    "shared": "channels",
    "private": "groups",
    "im": "ims",
}


@dataclass(frozen=True)
class Upload:
    """A file on the person's computer."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True)
class File:
    """A stored file; ``created`` is in epoch seconds, ``owner`` a person or the app's user.

    ``shares`` are the messages that show it.
    """

    id: str
    owner: str
    name: str
    title: str
    content_type: str
    data: bytes
    created: int
    base_url: str
    shares: tuple[Channel, ...] = ()

    @property
    def extension(self) -> str:
        return extension(self.name)

    def as_slack_shows(self) -> Json:
        """docs.slack.dev/reference/objects/file-object"""
        filetype, pretty = _PRETTY.get(self.extension, _UNKNOWN)
        place, name = f"{TEAM_ID}-{self.id}", quote(_url_name(self.name))
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
            "media_display_type": _MEDIA.get(self.content_type.partition("/")[0], "unknown"),
            "permalink": f"https://{TEAM_DOMAIN}.slack.com/files/{self.owner}/{self.id}/{name}",
            "comments_count": 0,
            "is_starred": False,
            "shares": {},
            **_places(self.shares),
            "has_rich_preview": False,
            "file_access": "visible",
        }


@dataclass(frozen=True)
class Promise:
    """An upload that the app announced; ``data`` is None until it arrives."""

    file_id: str
    name: str
    length: int
    data: bytes | None = None


class Files:
    """All files. ``base_url`` begins every file's URL; the server sets it once it is served."""

    def __init__(self, ids: Ids, clock: Clock) -> None:
        self._ids = ids
        self._clock = clock
        self._files: dict[str, File] = {}
        self._shown_to_app: set[str] = set()
        self._promises: dict[str, Promise] = {}
        self.base_url = ""

    def all(self) -> list[File]:
        return list(self._files.values())

    def get(self, file_id: str) -> File | None:
        return self._files.get(file_id)

    def of(self, owner: str) -> list[File]:
        return [file for file in self._files.values() if file.owner == owner]

    def add(self, owner: str, upload: Upload) -> File:
        """Store a file that a person chose; the app can't see it until the form is submitted."""
        return self._keep(self._ids.next("F"), owner, upload)

    def show_to_app(self, file_ids: Iterable[str]) -> None:
        self._shown_to_app.update(file_ids)

    def for_app(self, file_id: str) -> File:
        """Return the file. Raise ``Refused`` for one that never reached the app."""
        file = self._files.get(file_id)
        if file is None or file_id not in self._shown_to_app:
            raise Refused("file_not_found")
        return file

    # The app's own uploads: announced, sent, completed.

    def promise(self, name: str, length: int) -> tuple[str, str]:
        """Return the future file's ID, and the URL that accepts its bytes once."""
        promise = Promise(self._ids.next("F"), name, length)
        key = secrets.token_urlsafe(32)
        self._promises[key] = promise
        return promise.file_id, f"{self.base_url}/upload/v1/{key}"

    def promised(self, key: str) -> Promise | None:
        """Return the pending upload with this key, or None."""
        promise = self._promises.get(key)
        return promise if promise is not None and promise.data is None else None

    def receive(self, key: str, data: bytes) -> None:
        self._promises[key] = replace(self._promises[key], data=data)

    def waiting(self, file_id: str) -> bool:
        """Return whether the bytes of an announced file have arrived and it is not completed."""
        promises = self._promises.values()
        return any(each.file_id == file_id and each.data is not None for each in promises)

    def complete(self, file_id: str, owner: str, title: str, shares: tuple[Channel, ...]) -> File:
        key, promise = next(
            (key, each) for key, each in self._promises.items() if each.file_id == file_id
        )
        del self._promises[key]
        upload = Upload(promise.name, _guessed(promise.name), promise.data or b"")
        self._shown_to_app.add(file_id)
        return self._keep(file_id, owner, upload, title=title, shares=shares)

    def _keep(
        self,
        file_id: str,
        owner: str,
        upload: Upload,
        *,
        title: str = "",
        shares: tuple[Channel, ...] = (),
    ) -> File:
        file = File(
            id=file_id,
            owner=owner,
            name=upload.name,
            title=title or upload.name,
            content_type=upload.content_type,
            data=upload.data,
            created=int(self._clock.time()),
            base_url=self.base_url,
            shares=shares,
        )
        self._files[file_id] = file
        return file


def extension(name: str) -> str:
    """Return "jpg" for "Photo.JPG"."""
    return PurePosixPath(name).suffix.removeprefix(".").lower()


def _guessed(name: str) -> str:
    """Return the MIME type that Slack infers from the name."""
    return _TYPES.get(extension(name), "application/octet-stream")


def _url_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name.lower())


def _places(shares: tuple[Channel, ...]) -> Json:
    where: dict[str, list[str]] = {"channels": [], "groups": [], "ims": []}
    for channel in shares:
        where[_PLACES[channel.kind]].append(channel.id)
    return {"is_public": bool(where["channels"]), **where}
