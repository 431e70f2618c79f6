"""Send requests to Chakra; the only module that uses httpx and the access token."""

from __future__ import annotations

import ipaddress
import random
import re
import ssl
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import BinaryIO, Self
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from bot.aio.clock import Clock
from bot.aio.waits import waiting_for_chakra
from bot.chakra.text import sanitize_line
from bot.chakra.transport.error_mapping import build_error, build_transport_error
from bot.chakra.transport.exchange import (
    JSON_MEDIA_TYPE,
    ChakraRequest,
    ChakraResponse,
    MultipartFile,
    Transport,
    TransportError,
    build_path,
    encode_json,
)
from bot.chakra.transport.policies import (
    DEFAULT_LIMITS,
    AttemptTimeout,
    CircuitBreaker,
    Deadline,
    Instrumented,
    Jitter,
    Limits,
    OnAttempt,
    RateLimitRetry,
    Retry,
)
from bot.errors import InvalidResponse

USER_AGENT = "chakra-for-slack"
ANY_MEDIA_TYPE = "*/*"
CHUNK_BYTES = 64 * 1024

_DEFAULT_PORTS = {"http": 80, "https": 443}
_EMPTY: Mapping[str, str] = {}
_MAX_DETAIL_LENGTH = 200  # characters of the operating system's message about a connection


class Http:
    """An HTTP client for one Chakra, with one connection pool. Close it, or use ``async with``.

    Every request returns a 2xx ``ChakraResponse`` or raises a ``bot.errors.ChakraError``, never
    anything else. Redirects are not followed, so the token is sent to the host of ``base_url``
    only. Tests replace the network with ``transport`` and the randomness of waits with ``jitter``.

    Raise ``ValueError`` for a ``base_url`` or a ``token`` that cannot be part of a request.
    """

    def __init__(
        self,
        base_url: str,
        token: SecretStr,
        clock: Clock,
        *,
        on_attempt: OnAttempt | None = None,
        limits: Limits = DEFAULT_LIMITS,
        transport: httpx.AsyncBaseTransport | None = None,
        jitter: Jitter = random.random,
    ) -> None:
        self._base_url = _validate_base_url(base_url)
        self._clock = clock
        self._limits = limits
        trust_env = not _is_loopback(self._base_url)  # use the environment's proxy, if any
        needs_tls = trust_env or self._base_url.startswith("https:")
        self._client = httpx.AsyncClient(
            headers={
                "Authorization": _format_bearer_header(token),
                "User-Agent": USER_AGENT,
            },
            timeout=httpx.Timeout(
                limits.write_total_timeout, connect=limits.connect_timeout, pool=limits.pool_timeout
            ),
            limits=httpx.Limits(max_connections=limits.max_connections),
            follow_redirects=False,
            trust_env=trust_env,
            verify=_load_ssl_context(needs_tls=needs_tls, trust_env=trust_env),
            transport=transport,
        )
        self._send = self._build_pipeline(on_attempt, jitter)

    @property
    def host(self) -> str:
        """The host name of the base URL."""
        return urlsplit(self._base_url).hostname or ""

    def _build_pipeline(self, on_attempt: OnAttempt | None, jitter: Jitter) -> Transport:
        clock, limits = self._clock, self._limits
        send: Transport = CircuitBreaker(
            AttemptTimeout(self._send_once, clock, limits), clock, limits
        )
        if on_attempt is not None:
            send = Instrumented(send, clock, on_attempt)
        send = RateLimitRetry(Retry(send, clock, jitter, limits), clock, jitter, limits)
        return Deadline(send, clock, limits)

    async def get(
        self,
        endpoint: str,
        parameters: Mapping[str, str] = _EMPTY,
        *,
        query: Mapping[str, str] = _EMPTY,
        timeout_seconds: float | None = None,
    ) -> ChakraResponse:
        """Send a GET. ``endpoint`` is a path template, ``parameters`` its unencoded values.

        ``timeout_seconds`` replaces the default timeout for all attempts together.
        Raise ``AuthenticationError``, ``ResourceNotFound``, ``Rejected``, ``RateLimited``,
        ``Unavailable`` or ``InvalidResponse``, or a subclass from ``bot.chakra.meta_errors``.
        """
        request = ChakraRequest("GET", endpoint, build_path(endpoint, parameters), query)
        return await self._send_request(request, timeout_seconds)

    async def query(
        self, endpoint: str, parameters: Mapping[str, str] = _EMPTY, *, body: object
    ) -> ChakraResponse:
        """Send a POST that changes nothing, such as a list with a filter in the body.

        It is retried and raises like ``get``.
        """
        path = build_path(endpoint, parameters)
        request = ChakraRequest("POST", endpoint, path, body=encode_json(body), is_query=True)
        return await self._send_request(request)

    async def download(
        self,
        endpoint: str,
        parameters: Mapping[str, str] = _EMPTY,
        *,
        max_bytes: int,
        sink: BinaryIO | None = None,
    ) -> ChakraResponse:
        """Send a GET for a file. Beyond ``max_bytes`` the response is not ``is_complete``.

        With a ``sink`` the file is written there, and the body is empty. Raise the errors of
        ``get``.
        """
        path = build_path(endpoint, parameters)
        return await self._send_request(_build_file_request(endpoint, path, max_bytes, sink))

    async def fetch_url(
        self, endpoint: str, url: str, *, max_bytes: int, sink: BinaryIO | None = None
    ) -> ChakraResponse:
        """Download a file from a URL that Chakra returned, like ``download``.

        ``endpoint`` is its label in errors and metrics. Raise ``InvalidResponse`` if the URL is not
        below ``base_url``, since the token must not go elsewhere, and the errors of ``get``.
        """
        path = _find_path_under_base(self._base_url, url)
        request = _build_file_request(endpoint, path or "", max_bytes, sink)
        if path is None:
            raise InvalidResponse(
                "Chakra returned a URL that is not its own.",
                endpoint=endpoint,
                request_id=request.request_id,
            )
        return await self._send_request(request)

    def is_own_url(self, url: str) -> bool:
        """Return whether ``fetch_url`` takes a URL."""
        return _find_path_under_base(self._base_url, url) is not None

    async def write(
        self,
        method: str,
        endpoint: str,
        parameters: Mapping[str, str] = _EMPTY,
        *,
        body: object = None,
        query: Mapping[str, str] = _EMPTY,
        timeout_seconds: float | None = None,
    ) -> ChakraResponse:
        """Send a write with a body of JSON, or with a ``MultipartFile``.

        It is retried only if it cannot have arrived or was refused with 429. Raise the errors of
        ``get``, and ``OutcomeUnknown`` if the write may have happened, which includes a response
        that cannot be parsed.
        """
        if body is not None and not isinstance(body, MultipartFile):
            body = encode_json(body)
        request = ChakraRequest(method, endpoint, build_path(endpoint, parameters), query, body)
        return await self._send_request(request, timeout_seconds)

    async def _send_request(
        self, request: ChakraRequest, timeout_seconds: float | None = None
    ) -> ChakraResponse:
        if timeout_seconds is not None:
            request = replace(request, deadline=self._clock.monotonic() + timeout_seconds)
        try:
            with waiting_for_chakra():
                response = await self._send(request)
        except TransportError as error:
            raise build_transport_error(request, error) from None
        if refusal := build_error(response, self._clock.time()):
            raise refusal
        return response

    async def _send_once(self, request: ChakraRequest) -> ChakraResponse:
        if self._client.is_closed:
            raise TransportError("connect", sent=False, detail="the client is closed")
        try:
            return await self._exchange(request)
        except httpx.PoolTimeout:
            raise TransportError("pool", sent=False) from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            detail = sanitize_line(str(error), _MAX_DETAIL_LENGTH)
            raise TransportError("connect", sent=False, detail=detail) from None
        except httpx.TimeoutException:
            raise TransportError("timeout", sent=True) from None
        except httpx.HTTPError:
            raise TransportError("broken", sent=True) from None

    async def _exchange(self, request: ChakraRequest) -> ChakraResponse:
        headers = {"X-Request-Id": request.request_id, "Accept": request.accept}
        content, form, files = None, None, None
        if isinstance(request.body, MultipartFile):
            file = request.body
            form = {"filename": file.safe_name, **file.fields}
            files = {file.part: (file.safe_name, file.content, file.safe_media_type)}
        elif request.body is not None:
            content = request.body
            headers["Content-Type"] = JSON_MEDIA_TYPE
        async with self._client.stream(
            request.method,
            self._base_url + request.path,
            params=request.query or None,
            content=content,
            data=form,
            files=files,
            headers=headers,
        ) as response:
            max_bytes = request.max_response_bytes or self._limits.max_body_bytes
            if request.sink is not None and _is_file(response):
                body = await _copy_body(response, request.sink, max_bytes)
            else:
                body = await self._read_body(response, max_bytes)
            return ChakraResponse(
                request, response.status_code, dict(response.headers), body or b"", body is not None
            )

    async def _read_body(self, response: httpx.Response, max_bytes: int) -> bytes | None:
        """Return the decompressed body; ``None`` if it is too large or cannot be decompressed."""
        body = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    return None
        except httpx.DecodingError:
            return None
        return bytes(body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _build_file_request(
    endpoint: str, path: str, max_bytes: int, sink: BinaryIO | None
) -> ChakraRequest:
    return ChakraRequest(
        "GET", endpoint, path, accept=ANY_MEDIA_TYPE, max_response_bytes=max_bytes, sink=sink
    )


def _is_file(response: httpx.Response) -> bool:
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.is_success and media_type != JSON_MEDIA_TYPE


async def _copy_body(response: httpx.Response, sink: BinaryIO, max_bytes: int) -> bytes | None:
    """Write the decompressed body to ``sink``, from its beginning; return ``b""``.

    Return ``None`` if it is too large or cannot be decompressed.
    """
    sink.seek(0)
    sink.truncate()
    try:
        async for chunk in response.aiter_bytes(CHUNK_BYTES):
            sink.write(chunk)
            if sink.tell() > max_bytes:
                return None
    except httpx.DecodingError:
        return None
    sink.flush()
    return b""


def _validate_base_url(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the address must begin with http:// or https:// and name a host")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("the address may hold a host, a port and a path only")
    return base_url.rstrip("/")


def _find_path_under_base(base_url: str, url: str) -> str | None:
    """Return the path and query of a URL below the base URL, relative to it; else ``None``."""
    try:
        base, parts = urlsplit(base_url), urlsplit(url)
        base_origin = (base.scheme, base.hostname, base.port or _DEFAULT_PORTS[base.scheme])
        url_origin = (parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme))
    except ValueError:
        return None
    path = parts.path.removeprefix(base.path)
    is_below = parts.path.startswith(f"{base.path}/") and not {".", ".."} & set(path.split("/"))
    if base_origin != url_origin or "@" in parts.netloc or not is_below:
        return None
    return f"{path}?{parts.query}" if parts.query else path


@cache
def _load_ssl_context(*, needs_tls: bool, trust_env: bool) -> ssl.SSLContext:
    """Return the TLS context. Cached: loading the certificates is the slow part of a start.

    Without ``needs_tls`` it has none, and so trusts no server.
    """
    if not needs_tls:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context(trust_env=trust_env)


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _format_bearer_header(token: SecretStr) -> str:
    value = token.get_secret_value().strip()
    # Checked here, because httpx would quote the whole token in its own error.
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError("the access token is empty or holds characters that no header can carry")
    return f"Bearer {value}"
