"""What goes out and what comes back, in words of our own, so that one module alone knows httpx."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from bot.chakra.transport.multipart import Form
from bot.errors import ResourceNotFound

JSON_MEDIA_TYPE = "application/json"

MAX_PARAMETER_LENGTH = 512
"""Of a path parameter, in characters. The contract's ids are UUIDs, short names and e-mail
addresses, all far below; httpx refuses addresses above 65,536."""


@dataclass(frozen=True)
class ChakraRequest:
    """One request as a resource asked for it. A repeat sends the same call, `request_id` and all.

    `endpoint` is the path template, the only form that may stand in errors, logs and metrics.
    `until` is the moment of the monotonic clock at which all patience ends; nothing where the
    usual patience will do. `asks` marks a POST that changes nothing. `most` is how many bytes of
    the answer are read, where that is not the usual limit.
    """

    method: str
    endpoint: str
    path: str = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | Form | None = field(default=None, repr=False)
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    deadline: float | None = None
    is_query: bool = False
    accept: str = JSON_MEDIA_TYPE
    max_response_bytes: int | None = None

    @property
    def is_write(self) -> bool:
        return self.method != "GET" and not self.is_query

    @property
    def is_upload(self) -> bool:
        return isinstance(self.body, Form)

    @property
    def content_type(self) -> str:
        return self.body.content_type if isinstance(self.body, Form) else JSON_MEDIA_TYPE


@dataclass(frozen=True)
class ChakraResponse:
    """A response of any status. Header names are lower case; `seconds` is how long this attempt
    took. `whole` is false where the body was longer than the limit or could not be decompressed:
    then `body` is empty."""

    request: ChakraRequest
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    is_complete: bool = True
    elapsed_seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str:
        """Chakra's own id of the request where it names one, else ours."""
        return self.headers.get("x-request-id", "")[:80] or self.request.request_id

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> object:
        """Raises `ValueError` where the body is not JSON."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None


class TransportError(Exception):
    """No answer came. `kind` is one word for metrics; `sent` is false where the connection was
    certainly never made, so that the request cannot have arrived; `detail` is the system's own
    sentence about it."""

    def __init__(self, kind: str, *, sent: bool, detail: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.sent = sent
        self.detail = detail


Transport = Callable[[ChakraRequest], Awaitable[ChakraResponse]]
"""Makes a call and returns its answer, whatever the status; raises `TransportError`. What every
policy
takes and what every policy is."""


def build_path(endpoint: str, parameters: Mapping[str, str]) -> str:
    """The path of a template such as `/v2/ext/user/{userId}`, each parameter one safe segment.

    Raises `ResourceNotFound` for a parameter that no id can be (empty, a dot segment, endless):
    sending it
    would ask another endpoint.
    """
    segments = {name: _encode_segment(endpoint, value) for name, value in parameters.items()}
    return endpoint.format_map(segments)


def _encode_segment(endpoint: str, value: str) -> str:
    if value in {"", ".", ".."} or len(value) > MAX_PARAMETER_LENGTH:
        raise ResourceNotFound("There can be nothing with this id.", endpoint=endpoint)
    return quote(value, safe="", errors="replace")
