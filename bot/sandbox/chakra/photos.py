"""Photos: uploaded with the client's or Chakra's ID, and fetched.

That a photo is fetched at its ID is INFERRED; whether the response is the photo or an object is
UNKNOWN, so there are both. What happens to an ID that is taken, a file that isn't a picture, or a
large one is UNKNOWN: here they are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.media.content import identify
from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.multipart import FormPart, parse_multipart
from bot.sandbox.chakra.pictures import render_picture

ROOT = "/v1/ext/photo"
MAX_BYTES = 25 * 1024 * 1024
SEED_PHOTOS = (
    ("3f0c6f8e-6d3b-5c0e-9a54-0f4f5c0b6a01", "shop_front", "bun"),
    ("b8d1e2a4-17c9-5d5e-8f0a-6c2d9e7b4f02", "visiting_card", "cap"),
)
"""IDs of photos that the sample leads have."""


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    id: str
    content: bytes
    media_type: str
    filename: str
    filetype: str
    created_at: int

    def to_json(self, team_id: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "createdAt": self.created_at,
            "updatedAt": self.created_at,
            "filetype": self.filetype,
            "filename": self.filename,
            "height": None,
            "width": None,
            "isPublic": False,
            "team": team_id,
            "user": None,
        }


class PhotosResource:
    """``answers_object``: a fetch returns the object, not the photo."""

    def __init__(self, team_id: str, clock: Clock) -> None:
        self.answers_object = False
        self._team_id = team_id
        self._clock = clock
        self._photos = {
            photo_id: StoredPhoto(
                photo_id, render_picture(picture, number), "image/png", name, "png", 0
            )
            for number, (photo_id, name, picture) in enumerate(SEED_PHOTOS, 1)
        }

    def __len__(self) -> int:
        return len(self._photos)

    def find(self, photo_id: str) -> StoredPhoto | None:
        return self._photos.get(photo_id)

    def build_routes(self) -> list[Route]:
        return [
            Route(ROOT, self._upload_new, methods=["POST"]),
            Route(ROOT + "/{photoId}", self._upload, methods=["POST"]),
            Route(ROOT + "/{photoId}", self._fetch, methods=["GET"]),
        ]

    async def _upload_new(self, request: Request) -> Response:
        return await self._store(request, str(uuid4()))

    async def _upload(self, request: Request) -> Response:
        photo_id = _require_uuid(request)
        if photo_id in self._photos:
            raise envelope.RequestError(400, f"Photo {photo_id} already exists")
        return await self._store(request, photo_id)

    async def _store(self, request: Request, photo_id: str) -> Response:
        parts = _parse_parts(request.headers.get("content-type", ""), await request.body())
        photo = parts.get("photo")
        if photo is None:
            raise envelope.RequestError(400, "photo is required")
        if len(photo.content) > MAX_BYTES:
            raise envelope.RequestError(413, "photo is too large")
        kind = identify(photo.content)
        if kind is None or not kind.is_image:
            raise envelope.RequestError(400, "photo is not an image")
        stem, _, ending = photo.filename.rpartition(".")
        stored = StoredPhoto(
            photo_id,
            photo.content,
            kind.media_type,
            _read_text(parts, "filename") or stem or photo.filename,
            _read_text(parts, "filetype") or ending,
            int(self._clock.time() * 1000),
        )
        self._photos[photo_id] = stored
        return envelope.build_data_response(stored.to_json(self._team_id))

    async def _fetch(self, request: Request) -> Response:
        photo = self._photos.get(_require_uuid(request))
        if photo is None:
            raise envelope.RequestError(404, "Photo not found")
        if self.answers_object:
            return envelope.build_data_response(photo.to_json(self._team_id))
        return Response(photo.content, media_type=photo.media_type)


def _require_uuid(request: Request) -> str:
    try:
        return str(UUID(request.path_params["photoId"]))
    except ValueError:
        raise envelope.RequestError(400, "photoId is not a valid UUID") from None


def _parse_parts(content_type: str, body: bytes) -> dict[str, FormPart]:
    try:
        return {part.name: part for part in parse_multipart(content_type, body)}
    except ValueError as unreadable:
        raise envelope.RequestError(400, str(unreadable)) from unreadable


def _read_text(parts: dict[str, FormPart], name: str) -> str:
    part = parts.get(name)
    return part.content.decode("utf-8", "replace") if part is not None else ""
