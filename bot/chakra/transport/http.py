"""The two verbs, `get` and `write`, and the one place that knows httpx and the access token."""

from __future__ import annotations

import ipaddress
import json
import random
import re
import ssl
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Self
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from bot.aio.clock import Clock
from bot.chakra.text import sanitize_line
from bot.chakra.transport.error_mapping import error_for, transport_error
from bot.chakra.transport.exchange import (
    ChakraRequest,
    ChakraResponse,
    Transport,
    TransportError,
    build_path,
)
from bot.chakra.transport.multipart import Form, WrongSize
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

_DEFAULT_PORTS = {"http": 80, "https": 443}
_EMPTY: Mapping[str, str] = {}
_MAX_DETAIL_LENGTH = 200  # characters of the system's sentence about a connection


class Http:
    """Requests to one Chakra, over one pool of connections. `aclose` it, or use `async with`.

    Both verbs return a 2xx `ApiResponse` or raise a `bot.errors.ChakraError`; they never raise
    anything
    else. No redirect is followed, so the token goes to the host of `base_url` and nowhere else.
    `transport` replaces the network in tests, `jitter` the randomness of waits.

    Raises `ValueError` for a `base_url` or a `token` that no request could carry.
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
        trust_env = not _is_loopback(self._base_url)  # a proxy of the environment is honoured
        self._client = httpx.AsyncClient(
            headers={
                "Authorization": _bearer_header(token),
                "User-Agent": USER_AGENT,
            },
            timeout=httpx.Timeout(
                limits.write_total_timeout, connect=limits.connect_timeout, pool=limits.pool_timeout
            ),
            limits=httpx.Limits(max_connections=limits.max_connections),
            follow_redirects=False,
            trust_env=trust_env,
            verify=_ssl_context(trust_env),
            transport=transport,
        )
        self._send = self._build_pipeline(on_attempt, jitter)

    @property
    def host(self) -> str:
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
        """`endpoint` is a path template whose `{parameters}` are encoded here. `seconds` is the
        deadline, where the usual one will not do.

        Raises `AuthenticationError`, `ResourceNotFound`, `Rejected`, `RateLimited`, `Unavailable`
        or `InvalidResponse`, or
        what `bot.chakra.meta_errors` has below them.
        """
        request = ChakraRequest("GET", endpoint, build_path(endpoint, parameters), query)
        return await self._request(request, timeout_seconds)

    async def query(
        self, endpoint: str, parameters: Mapping[str, str] = _EMPTY, *, body: object
    ) -> ChakraResponse:
        """A POST that changes nothing, such as a list with its query in the body: like `get`."""
        path = build_path(endpoint, parameters)
        request = ChakraRequest(
            "POST", endpoint, path, body=json.dumps(body).encode(), is_query=True
        )
        return await self._request(request)

    async def download(
        self, endpoint: str, parameters: Mapping[str, str] = _EMPTY, *, max_bytes: int
    ) -> ChakraResponse:
        """Like `get`, of anything but JSON. The answer is not `whole` beyond `most` bytes."""
        path = build_path(endpoint, parameters)
        return await self._request(
            ChakraRequest(
                "GET", endpoint, path, accept=ANY_MEDIA_TYPE, max_response_bytes=max_bytes
            )
        )

    async def fetch_url(self, endpoint: str, url: str, *, max_bytes: int) -> ChakraResponse:
        """Like `download`, of an `address` that Chakra gave itself. Raises `InvalidResponse` where
        it
        does not lie under `base_url`: the token goes nowhere else. `endpoint` is what to call it.
        """
        path = _path_under_base(self._base_url, url)
        request = ChakraRequest(
            "GET", endpoint, path or "", accept=ANY_MEDIA_TYPE, max_response_bytes=max_bytes
        )
        if path is None:
            raise InvalidResponse(
                "Chakra named an address that is not its own.",
                endpoint=endpoint,
                request_id=request.request_id,
            )
        return await self._request(request)

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
        """Like `get`, with any method but GET, and a body: a `Form`, or anything that JSON can say.

        Repeated only where it certainly never arrived or was refused with 429. Raises the errors
        of `get`, save that what may have happened is `OutcomeUnknown`, also where the answer came
        but cannot be read.
        """
        if body is not None and not isinstance(body, Form):
            body = json.dumps(body).encode()
        request = ChakraRequest(method, endpoint, build_path(endpoint, parameters), query, body)
        return await self._request(request, timeout_seconds)

    async def _request(
        self, request: ChakraRequest, timeout_seconds: float | None = None
    ) -> ChakraResponse:
        if timeout_seconds is not None:
            request = replace(request, deadline=self._clock.monotonic() + timeout_seconds)
        try:
            response = await self._send(request)
        except TransportError as silence:
            raise transport_error(request, silence) from None
        if error := error_for(response, self._clock.time()):
            raise error
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
        except (httpx.HTTPError, WrongSize):
            raise TransportError("broken", sent=True) from None

    async def _exchange(self, request: ChakraRequest) -> ChakraResponse:
        headers = {"X-Request-Id": request.request_id, "Accept": request.accept}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if isinstance(request.body, Form) and request.body.size is not None:
            headers["Content-Length"] = str(request.body.size)
        async with self._client.stream(
            request.method,
            self._base_url + request.path,
            params=request.query or None,
            content=request.body,
            headers=headers,
        ) as response:
            body = await self._read_body(
                response, request.max_response_bytes or self._limits.max_body_bytes
            )
            return ChakraResponse(
                request, response.status_code, dict(response.headers), body or b"", body is not None
            )

    async def _read_body(self, response: httpx.Response, max_bytes: int) -> bytes | None:
        """Nothing where it is larger than the limit, decompressed, or cannot be decompressed."""
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
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _validate_base_url(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the address must begin with http:// or https:// and name a host")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("the address may hold a host, a port and a path only")
    return base_url.rstrip("/")


def _path_under_base(base_url: str, url: str) -> str | None:
    """The path and query of an address on the same host and below the same path; else nothing."""
    try:
        base, parts = urlsplit(base_url), urlsplit(url)
        ours = (base.scheme, base.hostname, base.port or _DEFAULT_PORTS[base.scheme])
        theirs = (parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme))
    except ValueError:
        return None
    path = parts.path.removeprefix(base.path)
    below = parts.path.startswith(f"{base.path}/") and not {".", ".."} & set(path.split("/"))
    if ours != theirs or "@" in parts.netloc or not below:
        return None
    return f"{path}?{parts.query}" if parts.query else path


@cache
def _ssl_context(trust_env: bool) -> ssl.SSLContext:
    """Whom certificates are trusted of; read once, as it takes longer than opening all the rest."""
    return httpx.create_ssl_context(trust_env=trust_env)


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bearer_header(token: SecretStr) -> str:
    value = token.get_secret_value().strip()
    # httpx would quote the whole token in its own error.
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError("the access token is empty or holds characters that no header can carry")
    return f"Bearer {value}"
