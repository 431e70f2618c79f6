"""Media: public uploads, and the files of WhatsApp messages by their media ID."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import PurePosixPath
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.account import Account
from bot.sandbox.chakra.door import PUBLIC
from bot.sandbox.chakra.multipart import Part, parts_of
from bot.sandbox.chakra.pictures import drawn
from bot.sandbox.chakra.sent import PLUGIN

MB = 1024 * 1024
LIMITS: Mapping[str, int] = {
    "image": 5 * MB,
    "video": 16 * MB,
    "audio": 16 * MB,
    "document": 100 * MB,
}
"""Bytes, Meta's supported media types. Chakra's own limit is UNKNOWN."""
KEPT_BYTES = 256 * MB
"""Size of all uploads together; the oldest are deleted first."""

TYPES: Mapping[str, frozenset[str]] = {
    "image": frozenset({"image/jpeg", "image/png"}),
    "video": frozenset({"video/mp4", "video/3gpp"}),
    "audio": frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
}
"""The types that WhatsApp displays, from Meta's supported media types; others can only be
documents."""

UNKNOWN_TYPE = "application/octet-stream"
SEEDED = ("1037543291543636", "2754859441498128")
"""The media ids of the documented examples."""


@dataclass(frozen=True, slots=True)
class Held:
    content: bytes
    media_type: str

    @property
    def kind(self) -> str:
        return next((kind for kind, types in TYPES.items() if self.media_type in types), "document")


class MediaResource:
    def __init__(
        self, account: Account, team_id: str, clock: Clock, base_url: Callable[[], str]
    ) -> None:
        self._account = account
        self._team_id = team_id
        self._clock = clock
        self._base_url = base_url
        self._uploads: dict[str, Held] = {}
        self._messages = {
            media_id: Held(drawn("cap", number), "image/png")
            for number, media_id in enumerate(SEEDED)
        }

    def routes(self) -> list[Route]:
        media = "/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}"
        attachments = "/v1/whatsapp/{whatsappApiVersion}/attachments"
        return [
            Route(PLUGIN + "/upload-public-media", self._upload, methods=["POST"]),
            Route("/v1" + media, self._fetch, methods=["GET"]),
            Route("/v2" + media + "/show", self._show, methods=["GET"]),
            Route(attachments, self._attachment, methods=["GET"]),
            Route(PUBLIC + "public/{team}/{day}/{file}", self._public, methods=["GET"]),
        ]

    def add(self, content: bytes, media_type: str) -> str:
        """Store a file as if a customer had sent it, and return its media ID."""
        media_id = str(uuid4().int)[:16]
        self._messages[media_id] = Held(content, media_type)
        return media_id

    def serves(self, link: str, kind: str) -> bool:
        """Return whether Meta could use the link as an image, a video, …

        Links to other hosts are assumed to work.
        """
        mine = f"{self._base_url()}{PUBLIC}"
        if not link.startswith(mine):
            return True
        held = self._uploads.get(link.removeprefix(self._base_url()))
        return held is not None and kind in (held.kind, "document")

    async def _upload(self, request: Request) -> Response:
        self._account.check_plugin(request)
        file, filename = _file(request.headers.get("content-type", ""), await request.body())
        held = Held(file.content, file.content_type or _guessed(filename))
        if held.media_type == UNKNOWN_TYPE:
            held = Held(file.content, _guessed(filename))
        if not held.content:
            raise envelope.Refused(400, "file is empty")
        if len(held.content) > LIMITS[held.kind]:
            most = LIMITS[held.kind] // MB
            raise envelope.Refused(413, f"file is too large: {held.kind} files may have {most} MB")
        return envelope.data({"publicMediaUrl": self._base_url() + self._keep(held, filename)})

    def _keep(self, held: Held, filename: str) -> str:
        day = datetime.fromtimestamp(self._clock.time(), UTC).date()
        ending = PurePosixPath(filename).suffix or mimetypes.guess_extension(held.media_type) or ""
        path = f"{PUBLIC}public/{self._team_id}/{day}/{uuid4()}{ending.lower()}"
        self._uploads[path] = held
        while sum(len(one.content) for one in self._uploads.values()) > KEPT_BYTES:
            del self._uploads[next(iter(self._uploads))]
        return path

    async def _public(self, request: Request) -> Response:
        held = self._uploads.get(request.url.path)
        if held is None:
            raise envelope.Refused(404, envelope.NO_SUCH_PATH)
        return Response(held.content, media_type=held.media_type)

    async def _fetch(self, request: Request) -> Response:
        """Return Meta's media object at the top level; its ``url`` points back here."""
        version = self._account.check_version(request)
        media_id = request.path_params["whatsappMediaId"]
        held = self._held(media_id)
        return JSONResponse(
            {
                "messaging_product": "whatsapp",
                "url": f"{self._base_url()}/v1/whatsapp/{version}/attachments?mid={media_id}",
                "mime_type": held.media_type,
                "sha256": sha256(held.content).hexdigest(),
                "file_size": len(held.content),
                "id": media_id,
            }
        )

    async def _show(self, request: Request) -> Response:
        self._account.check_version(request)
        return _binary(self._held(request.path_params["whatsappMediaId"]))

    async def _attachment(self, request: Request) -> Response:
        self._account.check_version(request)
        return _binary(self._held(request.query_params.get("mid", "")))

    def _held(self, media_id: str) -> Held:
        held = self._messages.get(media_id)
        if held is None:
            raise self._account.no_object(media_id)
        return held


def _binary(held: Held) -> Response:
    return Response(held.content, media_type=held.media_type)


def _file(content_type: str, body: bytes) -> tuple[Part, str]:
    """Return the part ``file`` and its name. Raise ``Refused`` if it is missing."""
    try:
        parts = {part.name: part for part in parts_of(content_type, body)}
    except ValueError as unreadable:
        raise envelope.Refused(400, str(unreadable)) from unreadable
    file = parts.get("file")
    if file is None:
        raise envelope.Refused(400, "file is required")
    named = parts.get("filename")
    filename = named.content.decode("utf-8", "replace") if named is not None else file.filename
    return file, filename


def _guessed(filename: str) -> str:
    return mimetypes.guess_type(filename)[0] or UNKNOWN_TYPE
