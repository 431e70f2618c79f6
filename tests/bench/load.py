"""A load of signed requests over keep-alive connections, as lean as the loop allows."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import math
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast
from urllib.parse import urlencode, urlsplit

from bot.sandbox.slack import EmbeddedSlack


@dataclass(frozen=True)
class LoadResult:
    """What one run measured: how many were ``answered``, and ``per_second``; latencies in
    milliseconds."""

    response_count: int
    per_second: float
    median_ms: float
    p99_ms: float
    p999_ms: float
    worst_ms: float
    statuses: frozenset[int]


class SignedCommands:
    """Signed requests for one typed line, each with a trigger of its own: none is a replay."""

    def __init__(self, slack: EmbeddedSlack, url: str, text: str, user: str = "U0MEI") -> None:
        self._secret = slack.signing_secret.encode()
        self._host = urlsplit(url).netloc
        self._text = text
        self._user = user
        self._numbers = itertools.count(time.time_ns())

    def prepare(self, count: int) -> list[bytes]:
        """Return requests that are signed already, so that signing takes no time of the load."""
        return list(itertools.islice(self.iter_requests(), count))

    def iter_requests(self) -> Iterator[bytes]:
        while True:
            yield self._build_request(next(self._numbers))

    def _build_request(self, number: int) -> bytes:
        fields = {
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
        return sign_form(self._secret, self._host, fields)


def sign_form(secret: bytes, host: str, fields: Mapping[str, str]) -> bytes:
    """Return a whole request to Slack's endpoint, signed now."""
    body = urlencode(fields).encode()
    stamp = str(int(time.time()))
    base = b"v0:" + stamp.encode() + b":" + body
    signature = hmac.digest(secret, base, hashlib.sha256).hex()
    head = (
        f"POST /slack/events HTTP/1.1\r\nhost: {host}\r\n"
        "content-type: application/x-www-form-urlencoded\r\n"
        f"content-length: {len(body)}\r\nx-slack-request-timestamp: {stamp}\r\n"
        f"x-slack-signature: v0={signature}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """One request at a time; the next leaves when the answer is whole."""

    def __init__(
        self,
        requests: Iterator[bytes],
        until: float,
        ended: asyncio.Future[None],
        due_times: Iterator[float] | None = None,
    ) -> None:
        self._requests = requests
        self._due_times = due_times
        self._deadline = until
        self._closed = ended
        self._buffer = b""
        self._sent_at = 0.0
        self.seconds: list[float] = []
        self.statuses: set[int] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send_next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _parse_content_length(head):
            return
        self._buffer = b""
        now = time.perf_counter()
        self.seconds.append(now - self._sent_at)
        self.statuses.add(int(head[9:12]))
        if now < self._deadline:
            self._send_next()
        else:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        if not self._closed.done():
            self._closed.set_result(None)

    def _send_next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        now = time.perf_counter()
        self._sent_at = now if self._due_times is None else next(self._due_times)
        if self._sent_at <= now:
            self._transport.write(request)
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(self._sent_at - now, self._transport.write, request)


def _parse_content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


def _return_protocol(connection: _Connection) -> _Connection:
    return connection


async def run_for(
    url: str, commands: SignedCommands, *, connections: int, seconds: float
) -> LoadResult:
    """Keeps every connection busy for ``seconds``."""
    streams = [commands.iter_requests() for _ in range(connections)]
    return await _run_streams(url, streams, seconds)


async def send_all(url: str, requests: Iterable[bytes], *, connections: int) -> LoadResult:
    """Each of them once, as fast as they are answered."""
    return await _run_streams(url, [iter(requests)] * connections, math.inf)


async def send_for(
    url: str, requests: Iterable[bytes], *, connections: int, seconds: float
) -> LoadResult:
    """Send them for ``seconds``, as fast as they are answered."""
    return await _run_streams(url, [iter(requests)] * connections, seconds)


async def send_paced(
    url: str, requests: Iterable[bytes], *, connections: int, per_second: float
) -> LoadResult:
    """Send each of them once, ``per_second``. Latency counts from the moment a request was due, so
    it includes the wait for a free connection."""
    began = time.perf_counter()
    due_times = (began + number / per_second for number in itertools.count())
    return await _run_streams(url, [iter(requests)] * connections, math.inf, due_times)


async def _run_streams(
    url: str,
    streams: Sequence[Iterator[bytes]],
    seconds: float,
    due_times: Iterator[float] | None = None,
) -> LoadResult:
    loop = asyncio.get_running_loop()
    address = urlsplit(url)
    began = time.perf_counter()
    open_ones: list[_Connection] = []
    ends: list[asyncio.Future[None]] = []
    for stream in streams:
        ended: asyncio.Future[None] = loop.create_future()
        connection = _Connection(stream, began + seconds, ended, due_times)
        await loop.create_connection(
            partial(_return_protocol, connection), address.hostname or "", address.port or 80
        )
        open_ones.append(connection)
        ends.append(ended)
    await asyncio.gather(*ends)
    spent = time.perf_counter() - began
    latencies = sorted(seconds for connection in open_ones for seconds in connection.seconds)
    return LoadResult(
        response_count=len(latencies),
        per_second=len(latencies) / spent,
        median_ms=statistics.median(latencies) * 1000,
        p99_ms=latencies[len(latencies) * 99 // 100] * 1000,
        p999_ms=latencies[len(latencies) * 999 // 1000] * 1000,
        worst_ms=latencies[-1] * 1000,
        statuses=frozenset().union(*(connection.statuses for connection in open_ones)),
    )


async def send_concurrently(url: str, commands: SignedCommands, count: int) -> LoadResult:
    """``count`` requests, each on a connection of its own, all leaving together."""
    return await run_for(url, commands, connections=count, seconds=0.0)
