"""Requests, responses and transport errors in types of our own, so that only http.py uses httpx."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import quote

from bot.chakra.text import sanitize_line
from bot.errors import ResourceNotFound

JSON_MEDIA_TYPE = "application/json"


def encode_json(value: object) -> bytes:
    """Return a value as JSON in as few bytes as it takes: letters of any script as themselves.

    Half of a surrogate pair, which no UTF-8 has, becomes a question mark.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


MAX_PARAMETER_LENGTH = 512
"""Characters of one path parameter. IDs in the API are UUIDs, short names and email addresses, all
far shorter; httpx rejects URLs above 65,536."""

MAX_FILENAME_LENGTH = 240
"""Characters. Common file systems accept 255 bytes."""

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}", re.ASCII)
_UNKNOWN_MEDIA_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class MultipartFile:
    """A file, sent as a multipart form: its part, ``filename``, and further ``fields``.

    The name and the media type may come from an untrusted source: neither can add a header.
    ``content`` that is an open file is read from its beginning, in chunks.
    """

    name: str = field(repr=False)
    media_type: str
    content: bytes | BinaryIO = field(repr=False)
    part: str = "file"
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def safe_name(self) -> str:
        """The name on one line without control characters; ``file`` if nothing is left."""
        return sanitize_line(self.name, MAX_FILENAME_LENGTH) or "file"

    @property
    def safe_media_type(self) -> str:
        """The media type, or the one for unknown content if it is not well-formed."""
        is_valid = _MEDIA_TYPE.fullmatch(self.media_type)
        return self.media_type if is_valid else _UNKNOWN_MEDIA_TYPE


@dataclass(frozen=True)
class ChakraRequest:
    """One request of a resource. A retry sends the same request, with the same ``request_id``.

    ``endpoint`` is the path template, the only form that errors, logs and metrics may contain.
    ``deadline`` is in seconds of the monotonic clock, or ``None`` for the default timeout.
    ``is_query`` marks a POST that changes nothing. ``max_response_bytes`` replaces the default
    limit on the response body. ``sink`` receives the file of a 2xx, in chunks, in place of
    ``ChakraResponse.body``; JSON is in the body anyway.
    """

    method: str
    endpoint: str
    path: str = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | MultipartFile | None = field(default=None, repr=False)
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    deadline: float | None = None
    is_query: bool = False
    accept: str = JSON_MEDIA_TYPE
    max_response_bytes: int | None = None
    sink: BinaryIO | None = field(default=None, repr=False)

    @property
    def is_write(self) -> bool:
        """Whether the request may change something."""
        return self.method != "GET" and not self.is_query

    @property
    def is_upload(self) -> bool:
        """Whether the body is a file, which has a longer timeout."""
        return isinstance(self.body, MultipartFile)

    @property
    def is_streamed(self) -> bool:
        """Whether the response may be a large file, which has a longer timeout."""
        return self.sink is not None


@dataclass(frozen=True)
class ChakraResponse:
    """A response of any status.

    Header names are lower case. ``elapsed_seconds`` is the duration of this attempt. If the body
    exceeds the limit or cannot be decompressed, ``is_complete`` is false and ``body`` is empty.
    """

    request: ChakraRequest
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    is_complete: bool = True
    elapsed_seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str:
        """Chakra's ID of the request if the response has one, else ours."""
        return self.headers.get("x-request-id", "")[:80] or self.request.request_id

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; "" if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def parse_json(self) -> object:
        """Return the parsed body. Raise ``ValueError`` if it is not JSON."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None


class TransportError(Exception):
    """No response arrived.

    ``kind`` is one word for metrics. ``sent`` is false only if no connection was made, so that the
    request cannot have arrived. ``detail`` is the operating system's message.
    """

    def __init__(self, kind: str, *, sent: bool, detail: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.sent = sent
        self.detail = detail


Transport = Callable[[ChakraRequest], Awaitable[ChakraResponse]]
"""Send a request and return its response, with any status; raise ``TransportError`` if there
is none. Every policy wraps a transport and is one itself."""


def build_path(endpoint: str, parameters: Mapping[str, str]) -> str:
    """Return the path of a template such as ``/v2/ext/user/{userId}``, each parameter one segment.

    Raise ``ResourceNotFound`` for a parameter that cannot be an ID (empty, a dot segment, too
    long): sending it would call another endpoint.
    """
    segments = {name: _encode_segment(endpoint, value) for name, value in parameters.items()}
    return endpoint.format_map(segments)


def _encode_segment(endpoint: str, value: str) -> str:
    if value in {"", ".", ".."} or len(value) > MAX_PARAMETER_LENGTH:
        raise ResourceNotFound("Nothing can have this ID.", endpoint=endpoint)
    return quote(value, safe="", errors="replace")
