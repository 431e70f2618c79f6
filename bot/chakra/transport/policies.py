"""How patient the client is: small wrappers round a `Send`, each of them a `Send` again.

From the outside in: `Deadline` sets how long all of it may take, `RateLimitRetry` waits out 429,
`Retry` repeats what may be repeated, `Instrumented` counts, `CircuitBreaker` stops asking a Chakra
that does
not answer, `AttemptTimeout` ends a single attempt. No one waits past `Call.until`.

A library for repeating would bring its own sleep; here the time comes from `bot.aio.clock`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.aio.clock import Clock, sleep, wait_for
from bot.chakra.transport.error_body import retry_after_seconds
from bot.chakra.transport.error_mapping import (
    RETRYABLE_STATUSES,
    is_rate_limited,
    retry_after_or_default,
)
from bot.chakra.transport.exchange import ChakraRequest, ChakraResponse, Transport, TransportError
from bot.errors import Unavailable

Jitter = Callable[[], float]
"""A random number from 0 up to 1."""

OnAttempt = Callable[[str, str, float], None]
"""Hears of every attempt: the path template; the status, or one word for what came instead
(`connect`, `pool`, `timeout`, `broken`; `circuit_open` where the circuit was open and nothing was
sent;
`cancelled`); the seconds it took."""


@dataclass(frozen=True)
class Limits:
    """Seconds unless said otherwise.

    30 s for a write is the patience of the vendor's own SDK. 20 connections: with httpx, throughput
    falls as its pool grows (measured: 20 connections 960 requests/s, 100 connections 590).
    """

    max_connections: int = 20
    connect_timeout: float = 4.0
    pool_timeout: float = 4.0
    read_attempt_timeout: float = 10.0
    read_total_timeout: float = 20.0
    write_total_timeout: float = 30.0
    upload_total_timeout: float = 120.0  # 100 MB, the largest document of WhatsApp's, at 7 Mbit/s
    max_rate_limit_wait: float = 10.0
    default_rate_limit_wait: float = 1.0  # the first wait where a 429 names none
    max_retries: int = 3
    initial_backoff: float = 0.2
    max_backoff: float = 3.0
    min_attempt_time: float = 0.5  # with less time left, another attempt of a read is not begun
    circuit_failure_threshold: int = 5  # in a row
    circuit_cooldown: float = 5.0
    max_body_bytes: int = 25 * 1024 * 1024

    def total_timeout(self, request: ChakraRequest) -> float:
        if request.is_upload:
            return self.upload_total_timeout
        return self.write_total_timeout if request.is_write else self.read_total_timeout

    def attempt_timeout(self, request: ChakraRequest) -> float:
        return self.total_timeout(request) if request.is_write else self.read_attempt_timeout

    def min_time_to_retry(self, request: ChakraRequest) -> float:
        """Of a write, enough that the deadline cannot cut it off while it is still connecting."""
        connecting = self.pool_timeout + self.connect_timeout if request.is_write else 0.0
        return connecting + self.min_attempt_time


DEFAULT_LIMITS = Limits()


class Deadline:
    """Sets `Call.until`, where the caller set none."""

    def __init__(self, send: Transport, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self._send, self._clock, self._limits = send, clock, limits

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        if request.deadline is None:
            request = replace(
                request, deadline=self._clock.monotonic() + self._limits.total_timeout(request)
            )
        return await self._send(request)


class AttemptTimeout:
    """Ends one attempt by our clock, however slowly the bytes drip: httpx's own read timeout
    starts anew with each chunk. What was cut off may have arrived. A write is cut off only by its
    deadline, since cutting it off leaves its outcome unknown."""

    def __init__(self, send: Transport, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self._send, self._clock, self._limits = send, clock, limits

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        started_at = self._clock.monotonic()
        seconds = max(
            0.0, min(self._limits.attempt_timeout(request), _deadline_of(request) - started_at)
        )
        try:
            response = await wait_for(self._clock, _send_coroutine(self._send, request), seconds)
        except TimeoutError:
            raise TransportError("timeout", sent=True) from None
        return replace(response, elapsed_seconds=self._clock.monotonic() - started_at)


async def _send_coroutine(send: Transport, request: ChakraRequest) -> ChakraResponse:
    return await send(request)


def _deadline_of(request: ChakraRequest) -> float:
    return math.inf if request.deadline is None else request.deadline


class CircuitBreaker:
    """After so many silences in a row it refuses at once, as `Unavailable` with `retry_after`, for
    a few seconds; then one call is let through as a probe, and its fate decides.

    Any answer closes it, a 4xx or 5xx too: something is there. A cancelled call proves nothing, and
    neither does waiting in vain for a connection of our own pool.
    """

    def __init__(self, send: Transport, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self._send, self._clock, self._limits = send, clock, limits
        self._failures = 0
        self._cooldown_until = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        return self._failures >= self._limits.circuit_failure_threshold

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        probe = self.is_open
        if probe:
            self._check(request)
            self._probing = True
        try:
            response = await self._send(request)
        except TransportError as silence:
            self._record_failure(silence)
            raise
        finally:
            if probe:
                self._probing = False
        self._failures = 0
        return response

    def _check(self, request: ChakraRequest) -> None:
        cooldown = self._cooldown_until - self._clock.monotonic()
        if cooldown > 0 or self._probing:
            raise Unavailable(
                "Chakra has not been answering and is given a few seconds of rest.",
                endpoint=request.endpoint,
                request_id=request.request_id,
                retry_after=max(cooldown, 1.0),
            )

    def _record_failure(self, error: TransportError) -> None:
        if error.kind == "pool":
            return
        self._failures += 1
        if self.is_open:
            self._cooldown_until = self._clock.monotonic() + self._limits.circuit_cooldown


class Instrumented:
    """Tells `observe` of every attempt, once it has ended in whatever way."""

    def __init__(self, send: Transport, clock: Clock, on_attempt: OnAttempt) -> None:
        self._send, self._clock, self._on_attempt = send, clock, on_attempt

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        started_at, outcome = self._clock.monotonic(), "cancelled"
        try:
            response = await self._send(request)
            outcome = str(response.status)
        except TransportError as silence:
            outcome = silence.kind
            raise
        except Unavailable:
            outcome = "circuit_open"
            raise
        finally:
            self._on_attempt(request.endpoint, outcome, self._clock.monotonic() - started_at)
        return response


class Retry:
    """Repeats a read after silence and after the statuses in `RETRYABLE_STATUSES`; a write only
    when its
    connection was never made. Waits grow and are spread by `jitter`; a longer wait that the answer
    names is honoured."""

    def __init__(
        self, send: Transport, clock: Clock, jitter: Jitter, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._send, self._clock, self._jitter, self._limits = send, clock, jitter, limits

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        for attempt in range(self._limits.max_retries):
            wait = self._backoff(attempt)
            try:
                response = await self._send(request)
            except TransportError as silence:
                if request.is_write and silence.sent:
                    raise
                if not self._has_time_for(request, wait):
                    raise
            else:
                if request.is_write or response.status not in RETRYABLE_STATUSES:
                    return response
                wait = max(wait, retry_after_seconds(response, self._clock.time()) or 0.0)
                if not self._has_time_for(request, wait):
                    return response
            await sleep(self._clock, wait)
        return await self._send(request)

    def _backoff(self, attempt: int) -> float:
        max_wait = min(self._limits.max_backoff, self._limits.initial_backoff * 2.0**attempt)
        return max_wait * (0.5 + self._jitter() / 2)

    def _has_time_for(self, request: ChakraRequest, wait: float) -> bool:
        return self._clock.monotonic() + wait + self._limits.min_time_to_retry(
            request
        ) <= _deadline_of(request)


class RateLimitRetry:
    """Waits out refusals for asking too often, of reads and writes alike: what was refused was not
    done. Past `throttle_total` seconds of waiting the refusal itself is returned, and at once where
    it names a wait that is longer."""

    def __init__(
        self, send: Transport, clock: Clock, jitter: Jitter, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._send, self._clock, self._jitter, self._limits = send, clock, jitter, limits

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        max_wait_until = self._clock.monotonic() + self._limits.max_rate_limit_wait
        deadline = min(
            max_wait_until, _deadline_of(request) - self._limits.min_time_to_retry(request)
        )
        default_wait = self._limits.default_rate_limit_wait
        while True:
            response = await self._send(request)
            if not is_rate_limited(response):
                return response
            retry_after = retry_after_or_default(response, self._clock.time())
            # Callers who were refused together should not come back together.
            wait = (default_wait if retry_after is None else retry_after) * (1 + self._jitter() / 4)
            wait = max(wait, self._limits.initial_backoff)
            if self._clock.monotonic() + wait > deadline:
                return response
            await sleep(self._clock, wait)
            default_wait *= 2
