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
from bot.chakra.text import plain
from bot.chakra.transport.error_mapping import refusal, unanswered
from bot.chakra.transport.exchange import Answer, Call, Send, Silence, path_of
from bot.chakra.transport.multipart import Form, WrongSize
from bot.chakra.transport.policies import (
    DEFAULT_LIMITS,
    Attempt,
    Circuit,
    Deadline,
    Jitter,
    Limits,
    Observe,
    Observed,
    Retry,
    Throttle,
)
from bot.errors import Unreadable

USER_AGENT = "chakra-for-slack"
ANYTHING = "*/*"

_PORTS = {"http": 80, "https": 443}
_NOTHING: Mapping[str, str] = {}
_DETAIL = 200  # characters of the system's sentence about a connection


class Http:
    """Requests to one Chakra, over one pool of connections. `aclose` it, or use `async with`.

    Both verbs return a 2xx `Answer` or raise a `bot.errors.ChakraError`; they never raise anything
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
        observe: Observe | None = None,
        limits: Limits = DEFAULT_LIMITS,
        transport: httpx.AsyncBaseTransport | None = None,
        jitter: Jitter = random.random,
    ) -> None:
        self._base_url = _checked(base_url)
        self._clock = clock
        self._limits = limits
        trust_env = not _loopback(self._base_url)  # a proxy of the environment is honoured
        self._client = httpx.AsyncClient(
            headers={
                "Authorization": _bearer(token),
                "User-Agent": USER_AGENT,
            },
            timeout=httpx.Timeout(limits.write_total, connect=limits.connect, pool=limits.pool),
            limits=httpx.Limits(max_connections=limits.connections),
            follow_redirects=False,
            trust_env=trust_env,
            verify=_authorities(trust_env),
            transport=transport,
        )
        self._send = self._patient(observe, jitter)

    @property
    def host(self) -> str:
        return urlsplit(self._base_url).hostname or ""

    def _patient(self, observe: Observe | None, jitter: Jitter) -> Send:
        clock, limits = self._clock, self._limits
        send: Send = Circuit(Attempt(self._attempt, clock, limits), clock, limits)
        if observe is not None:
            send = Observed(send, clock, observe)
        send = Throttle(Retry(send, clock, jitter, limits), clock, jitter, limits)
        return Deadline(send, clock, limits)

    async def get(
        self,
        endpoint: str,
        parameters: Mapping[str, str] = _NOTHING,
        *,
        query: Mapping[str, str] = _NOTHING,
        seconds: float | None = None,
    ) -> Answer:
        """`endpoint` is a path template whose `{parameters}` are encoded here. `seconds` is the
        deadline, where the usual one will not do.

        Raises `KeyRefused`, `Missing`, `Rejected`, `Throttled`, `Unavailable` or `Unreadable`, or
        what `bot.chakra.meta_errors` has below them.
        """
        call = Call("GET", endpoint, path_of(endpoint, parameters), query)
        return await self._answered(call, seconds)

    async def ask(
        self, endpoint: str, parameters: Mapping[str, str] = _NOTHING, *, body: object
    ) -> Answer:
        """A POST that changes nothing, such as a list with its query in the body: like `get`."""
        path = path_of(endpoint, parameters)
        call = Call("POST", endpoint, path, body=json.dumps(body).encode(), asks=True)
        return await self._answered(call)

    async def download(
        self, endpoint: str, parameters: Mapping[str, str] = _NOTHING, *, most: int
    ) -> Answer:
        """Like `get`, of anything but JSON. The answer is not `whole` beyond `most` bytes."""
        path = path_of(endpoint, parameters)
        return await self._answered(Call("GET", endpoint, path, accept=ANYTHING, most=most))

    async def follow(self, endpoint: str, address: str, *, most: int) -> Answer:
        """Like `download`, of an `address` that Chakra gave itself. Raises `Unreadable` where it
        does not lie under `base_url`: the token goes nowhere else. `endpoint` is what to call it.
        """
        path = _path_below(self._base_url, address)
        call = Call("GET", endpoint, path or "", accept=ANYTHING, most=most)
        if path is None:
            raise Unreadable(
                "Chakra named an address that is not its own.",
                endpoint=endpoint,
                request_id=call.request_id,
            )
        return await self._answered(call)

    async def write(
        self,
        method: str,
        endpoint: str,
        parameters: Mapping[str, str] = _NOTHING,
        *,
        body: object = None,
        query: Mapping[str, str] = _NOTHING,
        seconds: float | None = None,
    ) -> Answer:
        """Like `get`, with any method but GET, and a body: a `Form`, or anything that JSON can say.

        Repeated only where it certainly never arrived or was refused with 429. Raises the errors
        of `get`, save that what may have happened is `OutcomeUnknown`, also where the answer came
        but cannot be read.
        """
        if body is not None and not isinstance(body, Form):
            body = json.dumps(body).encode()
        call = Call(method, endpoint, path_of(endpoint, parameters), query, body)
        return await self._answered(call, seconds)

    async def _answered(self, call: Call, seconds: float | None = None) -> Answer:
        if seconds is not None:
            call = replace(call, until=self._clock.monotonic() + seconds)
        try:
            answer = await self._send(call)
        except Silence as silence:
            raise unanswered(call, silence) from None
        if error := refusal(answer, self._clock.time()):
            raise error
        return answer

    async def _attempt(self, call: Call) -> Answer:
        if self._client.is_closed:
            raise Silence("connect", sent=False, detail="the client is closed")
        try:
            return await self._exchange(call)
        except httpx.PoolTimeout:
            raise Silence("pool", sent=False) from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            detail = plain(str(error), _DETAIL)
            raise Silence("connect", sent=False, detail=detail) from None
        except httpx.TimeoutException:
            raise Silence("timeout", sent=True) from None
        except (httpx.HTTPError, WrongSize):
            raise Silence("broken", sent=True) from None

    async def _exchange(self, call: Call) -> Answer:
        headers = {"X-Request-Id": call.request_id, "Accept": call.accept}
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        if isinstance(call.body, Form) and call.body.size is not None:
            headers["Content-Length"] = str(call.body.size)
        async with self._client.stream(
            call.method,
            self._base_url + call.path,
            params=call.query or None,
            content=call.body,
            headers=headers,
        ) as response:
            body = await self._body(response, call.most or self._limits.body_bytes)
            return Answer(
                call, response.status_code, dict(response.headers), body or b"", body is not None
            )

    async def _body(self, response: httpx.Response, most: int) -> bytes | None:
        """Nothing where it is larger than the limit, decompressed, or cannot be decompressed."""
        body = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > most:
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


def _checked(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the address must begin with http:// or https:// and name a host")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("the address may hold a host, a port and a path only")
    return base_url.rstrip("/")


def _path_below(base_url: str, address: str) -> str | None:
    """The path and query of an address on the same host and below the same path; else nothing."""
    try:
        base, parts = urlsplit(base_url), urlsplit(address)
        ours = (base.scheme, base.hostname, base.port or _PORTS[base.scheme])
        theirs = (parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme))
    except ValueError:
        return None
    path = parts.path.removeprefix(base.path)
    below = parts.path.startswith(f"{base.path}/") and not {".", ".."} & set(path.split("/"))
    if ours != theirs or "@" in parts.netloc or not below:
        return None
    return f"{path}?{parts.query}" if parts.query else path


@cache
def _authorities(trust_env: bool) -> ssl.SSLContext:
    """Whom certificates are trusted of; read once, as it takes longer than opening all the rest."""
    return httpx.create_ssl_context(trust_env=trust_env)


def _loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bearer(token: SecretStr) -> str:
    value = token.get_secret_value().strip()
    # httpx would quote the whole token in its own error.
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError("the access token is empty or holds characters that no header can carry")
    return f"Bearer {value}"
