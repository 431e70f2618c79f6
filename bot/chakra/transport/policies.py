"""Timeouts, retries and the circuit breaker, each a ``Transport`` that wraps another.

From the outside in: ``Deadline`` limits the whole request, ``RateLimitRetry`` waits after a 429,
``Retry`` retries other failures, ``Instrumented`` reports every attempt, ``CircuitBreaker`` stops
calling a Chakra that does not respond, ``AttemptTimeout`` limits one attempt. Nothing waits past
``ChakraRequest.deadline``.

Written here rather than taken from a library, so that all of them share the injected clock and one
set of outcomes.
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
"""Called after every attempt with the path template, the outcome and the seconds it took.

The outcome is the status, or one word if there was no response: ``connect``, ``pool``,
``timeout``, ``broken``, ``cancelled``, or ``circuit_open`` if nothing was sent."""


@dataclass(frozen=True)
class Limits:
    """Limits of a client; times are in seconds.

    30 s for a write is the timeout of the vendor's SDK. 20 connections: httpx gets slower as its
    pool grows (measured: 960 requests/s with 20 connections, 590 with 100).
    """

    max_connections: int = 20
    connect_timeout: float = 4.0
    pool_timeout: float = 4.0
    read_attempt_timeout: float = 10.0
    read_total_timeout: float = 20.0
    write_total_timeout: float = 30.0
    upload_total_timeout: float = 120.0  # WhatsApp's largest document, 100 MB, at 7 Mbit/s
    file_total_timeout: float = 45.0  # a person is waiting: 100 MB at 18 Mbit/s
    max_rate_limit_wait: float = 10.0
    default_rate_limit_wait: float = 1.0  # the first wait if a 429 names none
    max_retries: int = 3
    initial_backoff: float = 0.2
    max_backoff: float = 3.0
    min_attempt_time: float = 0.5  # with less time left, a read is not retried
    circuit_failure_threshold: int = 5  # consecutive failures
    circuit_cooldown: float = 5.0
    max_body_bytes: int = 25 * 1024 * 1024

    def compute_total_timeout(self, request: ChakraRequest) -> float:
        """Return the seconds for all attempts of a request."""
        if request.is_upload:
            return self.upload_total_timeout
        if request.is_streamed:
            return self.file_total_timeout
        return self.write_total_timeout if request.is_write else self.read_total_timeout

    def compute_attempt_timeout(self, request: ChakraRequest) -> float:
        """Return the seconds for one attempt."""
        is_long = request.is_write or request.is_streamed
        return self.compute_total_timeout(request) if is_long else self.read_attempt_timeout

    def min_time_to_retry(self, request: ChakraRequest) -> float:
        """Return the seconds that must be left for a retry.

        For a write, enough that its deadline cannot pass while it is still connecting.
        """
        connecting = self.pool_timeout + self.connect_timeout if request.is_write else 0.0
        return connecting + self.min_attempt_time


DEFAULT_LIMITS = Limits()


class Deadline:
    """Set the deadline of a request that has none."""

    def __init__(self, send: Transport, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self._send, self._clock, self._limits = send, clock, limits

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        if request.deadline is None:
            request = replace(
                request,
                deadline=self._clock.monotonic() + self._limits.compute_total_timeout(request),
            )
        return await self._send(request)


class AttemptTimeout:
    """Limit the duration of one attempt, which httpx does not: its read timeout is per chunk.

    An attempt that times out may have arrived. A write is limited by its deadline only, since its
    outcome would be unknown.
    """

    def __init__(self, send: Transport, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self._send, self._clock, self._limits = send, clock, limits

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        started_at = self._clock.monotonic()
        seconds = max(
            0.0,
            min(
                self._limits.compute_attempt_timeout(request),
                _compute_deadline(request) - started_at,
            ),
        )
        try:
            response = await wait_for(self._clock, _send_coroutine(self._send, request), seconds)
        except TimeoutError:
            raise TransportError("timeout", sent=True) from None
        return replace(response, elapsed_seconds=self._clock.monotonic() - started_at)


async def _send_coroutine(send: Transport, request: ChakraRequest) -> ChakraResponse:
    return await send(request)


def _compute_deadline(request: ChakraRequest) -> float:
    return math.inf if request.deadline is None else request.deadline


class CircuitBreaker:
    """Raise ``Unavailable`` immediately after several consecutive failures, for a few seconds.

    Then one request is sent as a probe, and its outcome decides. Any response closes the circuit, a
    4xx or 5xx too: a server responded. A cancelled request counts as neither success nor failure,
    and so does a timeout while waiting for a connection of our own pool.
    """

    def __init__(self, send: Transport, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self._send, self._clock, self._limits = send, clock, limits
        self._failures = 0
        self._cooldown_until = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether enough consecutive failures have been counted."""
        return self._failures >= self._limits.circuit_failure_threshold

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        probe = self.is_open
        if probe:
            self._check(request)
            self._probing = True
        try:
            response = await self._send(request)
        except TransportError as error:
            self._record_failure(error)
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
                "Chakra is not responding. Requests are paused for a few seconds.",
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
    """Report every attempt to ``on_attempt``, however it ends."""

    def __init__(self, send: Transport, clock: Clock, on_attempt: OnAttempt) -> None:
        self._send, self._clock, self._on_attempt = send, clock, on_attempt

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        started_at, outcome = self._clock.monotonic(), "cancelled"
        try:
            response = await self._send(request)
            outcome = str(response.status)
        except TransportError as error:
            outcome = error.kind
            raise
        except Unavailable:
            outcome = "circuit_open"
            raise
        finally:
            self._on_attempt(request.endpoint, outcome, self._clock.monotonic() - started_at)
        return response


class Retry:
    """Retry a read after a transport error or a status in ``RETRYABLE_STATUSES``.

    A write is retried only if no connection was made. Waits grow exponentially, with jitter; a
    longer wait named by the response takes precedence.
    """

    def __init__(
        self, send: Transport, clock: Clock, jitter: Jitter, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._send, self._clock, self._jitter, self._limits = send, clock, jitter, limits

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        for attempt in range(self._limits.max_retries):
            wait = self._compute_backoff(attempt)
            try:
                response = await self._send(request)
            except TransportError as error:
                if request.is_write and error.sent:
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

    def _compute_backoff(self, attempt: int) -> float:
        max_wait = min(self._limits.max_backoff, self._limits.initial_backoff * 2.0**attempt)
        return max_wait * (0.5 + self._jitter() / 2)

    def _has_time_for(self, request: ChakraRequest, wait: float) -> bool:
        return self._clock.monotonic() + wait + self._limits.min_time_to_retry(
            request
        ) <= _compute_deadline(request)


class RateLimitRetry:
    """Wait and retry after a rate limit, reads and writes alike: a refused request did nothing.

    After ``max_rate_limit_wait`` seconds in total the refusal is returned; it is returned
    immediately if it names a longer wait.
    """

    def __init__(
        self, send: Transport, clock: Clock, jitter: Jitter, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._send, self._clock, self._jitter, self._limits = send, clock, jitter, limits

    async def __call__(self, request: ChakraRequest) -> ChakraResponse:
        max_wait_until = self._clock.monotonic() + self._limits.max_rate_limit_wait
        deadline = min(
            max_wait_until, _compute_deadline(request) - self._limits.min_time_to_retry(request)
        )
        default_wait = self._limits.default_rate_limit_wait
        while True:
            response = await self._send(request)
            if not is_rate_limited(response):
                return response
            retry_after = retry_after_or_default(response, self._clock.time())
            # Jitter, so that callers refused together do not retry together.
            wait = (default_wait if retry_after is None else retry_after) * (1 + self._jitter() / 4)
            wait = max(wait, self._limits.initial_backoff)
            if self._clock.monotonic() + wait > deadline:
                return response
            await sleep(self._clock, wait)
            default_wait *= 2
