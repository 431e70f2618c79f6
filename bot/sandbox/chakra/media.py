"""Media: public uploads, and the files of WhatsApp messages by their media ID."""

from __future__ import annotations

import math
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
from bot.sandbox.chakra.accepted_send import PLUGIN_PATH
from bot.sandbox.chakra.account import WhatsAppAccount
from bot.sandbox.chakra.multipart import FormPart, parse_multipart
from bot.sandbox.chakra.pictures import render_picture
from bot.sandbox.chakra.request_pipeline import PUBLIC_MEDIA_PREFIX

MB = 1024 * 1024
MAX_BYTES_BY_KIND: Mapping[str, int] = {
    "image": 5 * MB,
    "video": 16 * MB,
    "audio": 16 * MB,
    "document": 100 * MB,
}
"""Bytes, Meta's supported media types. Chakra's own limit is UNKNOWN."""
MAX_STORED_BYTES = 256 * MB
"""Size of all uploads together; the oldest are deleted first."""

MEDIA_TYPES_BY_KIND: Mapping[str, frozenset[str]] = {
    "image": frozenset({"image/jpeg", "image/png"}),
    "video": frozenset({"video/mp4", "video/3gpp"}),
    "audio": frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
}
"""The types that WhatsApp displays, from Meta's supported media types; others can only be
documents."""

DEFAULT_MEDIA_TYPE = "application/octet-stream"
MESSAGE_MEDIA_SECONDS = 7 * 86_400
"""How long a customer's file can be fetched by the ID of its event (Meta: seven days)."""
SEED_MEDIA_IDS = ("1037543291543636", "2754859441498128")
"""The media ids of the documented examples."""


@dataclass(frozen=True, slots=True)
class StoredMedia:
    content: bytes
    media_type: str
    ends_at: float = math.inf

    @property
    def kind(self) -> str:
        return next(
            (kind for kind, types in MEDIA_TYPES_BY_KIND.items() if self.media_type in types),
            "document",
        )


class MediaResource:
    def __init__(
        self, account: WhatsAppAccount, team_id: str, clock: Clock, get_base_url: Callable[[], str]
    ) -> None:
        self._account = account
        self._team_id = team_id
        self._clock = clock
        self._get_base_url = get_base_url
        self._uploads: dict[str, StoredMedia] = {}
        self._messages = {
            media_id: StoredMedia(render_picture("cap", number), "image/png")
            for number, media_id in enumerate(SEED_MEDIA_IDS)
        }

    def build_routes(self) -> list[Route]:
        media = "/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}"
        attachments = "/v1/whatsapp/{whatsappApiVersion}/attachments"
        return [
            Route(PLUGIN_PATH + "/upload-public-media", self._upload, methods=["POST"]),
            Route("/v1" + media, self._fetch, methods=["GET"]),
            Route("/v2" + media + "/show", self._show, methods=["GET"]),
            Route(attachments, self._serve_attachment, methods=["GET"]),
            Route(
                PUBLIC_MEDIA_PREFIX + "public/{team}/{day}/{file}",
                self._fetch_public,
                methods=["GET"],
            ),
        ]

    def add(self, content: bytes, media_type: str) -> str:
        """Store a file as if a customer had sent it, and return its media ID."""
        media_id = str(uuid4().int)[:16]
        ends_at = self._clock.time() + MESSAGE_MEDIA_SECONDS
        self._messages[media_id] = StoredMedia(content, media_type, ends_at)
        return media_id

    def find(self, media_id: str) -> StoredMedia | None:
        """Return the file of a message, None if it is unknown or its time has passed."""
        media = self._messages.get(media_id)
        return media if media is not None and media.ends_at > self._clock.time() else None

    def delete(self, media_id: str) -> None:
        """Make a customer's file unavailable, as if its time had passed."""
        del self._messages[media_id]

    def can_fetch(self, link: str, kind: str) -> bool:
        """Return whether Meta could use the link as a file of this kind, such as an image.

        Links to other hosts are assumed to work.
        """
        mine = f"{self._get_base_url()}{PUBLIC_MEDIA_PREFIX}"
        if not link.startswith(mine):
            return True
        media = self._uploads.get(link.removeprefix(self._get_base_url()))
        return media is not None and kind in (media.kind, "document")

    async def _upload(self, request: Request) -> Response:
        self._account.check_plugin(request)
        file, filename = _parse_upload(
            request.headers.get("content-type", ""), await request.body()
        )
        media = StoredMedia(file.content, file.content_type or _guess_media_type(filename))
        if media.media_type == DEFAULT_MEDIA_TYPE:
            media = StoredMedia(file.content, _guess_media_type(filename))
        if not media.content:
            raise envelope.RequestError(400, "file is empty")
        if len(media.content) > MAX_BYTES_BY_KIND[media.kind]:
            most = MAX_BYTES_BY_KIND[media.kind] // MB
            raise envelope.RequestError(
                413, f"file is too large: {media.kind} files may have {most} MB"
            )
        return envelope.build_data_response(
            {"publicMediaUrl": self._get_base_url() + self._store(media, filename)}
        )

    def _store(self, media: StoredMedia, filename: str) -> str:
        day = datetime.fromtimestamp(self._clock.time(), UTC).date()
        ending = PurePosixPath(filename).suffix or mimetypes.guess_extension(media.media_type) or ""
        path = f"{PUBLIC_MEDIA_PREFIX}public/{self._team_id}/{day}/{uuid4()}{ending.lower()}"
        self._uploads[path] = media
        while sum(len(upload.content) for upload in self._uploads.values()) > MAX_STORED_BYTES:
            del self._uploads[next(iter(self._uploads))]
        return path

    async def _fetch_public(self, request: Request) -> Response:
        media = self._uploads.get(request.url.path)
        if media is None:
            raise envelope.RequestError(404, envelope.NOT_FOUND_MESSAGE)
        return Response(media.content, media_type=media.media_type)

    async def _fetch(self, request: Request) -> Response:
        """Return Meta's media object at the top level; its ``url`` points back here."""
        version = self._account.check_version(request)
        media_id = request.path_params["whatsappMediaId"]
        media = self._require_media(media_id)
        return JSONResponse(
            {
                "messaging_product": "whatsapp",
                "url": f"{self._get_base_url()}/v1/whatsapp/{version}/attachments?mid={media_id}",
                "mime_type": media.media_type,
                "sha256": sha256(media.content).hexdigest(),
                "file_size": len(media.content),
                "id": media_id,
            }
        )

    async def _show(self, request: Request) -> Response:
        self._account.check_version(request)
        return _build_binary_response(self._require_media(request.path_params["whatsappMediaId"]))

    async def _serve_attachment(self, request: Request) -> Response:
        self._account.check_version(request)
        return _build_binary_response(self._require_media(request.query_params.get("mid", "")))

    def _require_media(self, media_id: str) -> StoredMedia:
        media = self.find(media_id)
        if media is None:
            raise self._account.build_not_found(media_id)
        return media


def _build_binary_response(media: StoredMedia) -> Response:
    return Response(media.content, media_type=media.media_type)


def _parse_upload(content_type: str, body: bytes) -> tuple[FormPart, str]:
    """Return the part ``file`` and its name. Raise ``RequestError`` if it is missing."""
    try:
        parts = {part.name: part for part in parse_multipart(content_type, body)}
    except ValueError as unreadable:
        raise envelope.RequestError(400, str(unreadable)) from unreadable
    file = parts.get("file")
    if file is None:
        raise envelope.RequestError(400, "file is required")
    named = parts.get("filename")
    filename = named.content.decode("utf-8", "replace") if named is not None else file.filename
    return file, filename


def _guess_media_type(filename: str) -> str:
    return mimetypes.guess_type(filename)[0] or DEFAULT_MEDIA_TYPE
