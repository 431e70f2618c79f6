"""A load of signed requests over keep-alive connections, as lean as the loop allows."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import math
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast
from urllib.parse import urlencode, urlsplit

from bot.sandbox.slack import EmbeddedSlack


@dataclass(frozen=True)
class Load:
    """What one run measured: how many were ``answered``, and ``per_second``; latencies in
    milliseconds."""

    answered: int
    per_second: float
    median_ms: float
    p99_ms: float
    worst_ms: float
    statuses: frozenset[int]


class Commands:
    """Signed requests for one typed line, each with a trigger of its own: none is a replay."""

    def __init__(self, slack: EmbeddedSlack, url: str, text: str, user: str = "U0MEI") -> None:
        self._secret = slack.signing_secret.encode()
        self._host = urlsplit(url).netloc
        self._text = text
        self._user = user
        self._numbers = itertools.count(time.time_ns())

    def prepare(self, count: int) -> list[bytes]:
        """Return requests that are signed already, so that signing takes no time of the load."""
        return list(itertools.islice(self.requests(), count))

    def requests(self) -> Iterator[bytes]:
        while True:
            yield self._signed(next(self._numbers))

    def _signed(self, number: int) -> bytes:
        body = urlencode(
            {
                "token": "unused",
                "team_id": "T0ACME",
                "team_domain": "acme",
                "channel_id": "C0SALES",
                "channel_name": "sales",
                "user_id": self._user,
                "user_name": "mei",
                "command": "/chakra",
                "text": self._text,
                "api_app_id": "A0CHAKRA",
                "is_enterprise_install": "false",
                "response_url": f"http://{self._host}/nowhere/{number}",
                "trigger_id": f"{number}.1.a",
            }
        ).encode()
        stamp = str(int(time.time()))
        base = b"v0:" + stamp.encode() + b":" + body
        signature = hmac.digest(self._secret, base, hashlib.sha256).hex()
        head = (
            f"POST /slack/events HTTP/1.1\r\nhost: {self._host}\r\n"
            "content-type: application/x-www-form-urlencoded\r\n"
            f"content-length: {len(body)}\r\nx-slack-request-timestamp: {stamp}\r\n"
            f"x-slack-signature: v0={signature}\r\n\r\n"
        )
        return head.encode() + body


class _Connection(asyncio.Protocol):
    """One request at a time; the next leaves when the answer is whole."""

    def __init__(
        self, requests: Iterator[bytes], until: float, ended: asyncio.Future[None]
    ) -> None:
        self._requests = requests
        self._until = until
        self._ended = ended
        self._buffer = b""
        self._left = 0.0
        self.seconds: list[float] = []
        self.statuses: set[int] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _length(head):
            return
        self._buffer = b""
        now = time.perf_counter()
        self.seconds.append(now - self._left)
        self.statuses.add(int(head[9:12]))
        if now < self._until:
            self._next()
        else:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._left = time.perf_counter()
        self._transport.write(request)


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


def _same(made: _Connection) -> _Connection:
    return made


async def run(url: str, commands: Commands, *, connections: int, seconds: float) -> Load:
    """Keeps every connection busy for ``seconds``."""
    streams = [commands.requests() for _ in range(connections)]
    return await _loaded(url, streams, seconds)


async def all_of(url: str, requests: Iterable[bytes], *, connections: int) -> Load:
    """Each of them once, as fast as they are answered."""
    return await _loaded(url, [iter(requests)] * connections, math.inf)


async def _loaded(url: str, streams: Sequence[Iterator[bytes]], seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    address = urlsplit(url)
    began = time.perf_counter()
    open_ones: list[_Connection] = []
    ends: list[asyncio.Future[None]] = []
    for stream in streams:
        ended: asyncio.Future[None] = loop.create_future()
        made = _Connection(stream, began + seconds, ended)
        await loop.create_connection(
            partial(_same, made), address.hostname or "", address.port or 80
        )
        open_ones.append(made)
        ends.append(ended)
    await asyncio.gather(*ends)
    spent = time.perf_counter() - began
    latencies = [one for made in open_ones for one in made.seconds]
    return Load(
        answered=len(latencies),
        per_second=len(latencies) / spent,
        median_ms=statistics.median(latencies) * 1000,
        p99_ms=sorted(latencies)[len(latencies) * 99 // 100] * 1000,
        worst_ms=max(latencies) * 1000,
        statuses=frozenset().union(*(made.statuses for made in open_ones)),
    )


async def at_once(url: str, commands: Commands, count: int) -> Load:
    """``count`` requests, each on a connection of its own, all leaving together."""
    return await run(url, commands, connections=count, seconds=0.0)
