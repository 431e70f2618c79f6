"""How patient the client is: small wrappers round a `Send`, each of them a `Send` again.

From the outside in: `Deadline` sets how long all of it may take, `Throttle` waits out 429,
`Retry` repeats what may be repeated, `Observed` counts, `Circuit` stops asking a Chakra that does
not answer, `Attempt` ends a single attempt. No one waits past `Call.until`.

A library for repeating would bring its own sleep; here the time comes from `bot.aio.clock`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.aio.clock import Clock, sleep, within
from bot.chakra.transport.error_body import wait_named_by
from bot.chakra.transport.error_mapping import RETRIED, is_throttled, wait_after
from bot.chakra.transport.exchange import Answer, Call, Send, Silence
from bot.errors import Unavailable

Jitter = Callable[[], float]
"""A random number from 0 up to 1."""

Observe = Callable[[str, str, float], None]
"""Hears of every attempt: the path template; the status, or one word for what came instead
(`connect`, `pool`, `timeout`, `broken`; `rest` where the circuit was open and nothing was sent;
`cancelled`); the seconds it took."""


@dataclass(frozen=True)
class Limits:
    """Seconds unless said otherwise.

    30 s for a write is the patience of the vendor's own SDK. 20 connections: with httpx, throughput
    falls as its pool grows (measured: 20 connections 960 requests/s, 100 connections 590).
    """

    connections: int = 20
    connect: float = 4.0
    pool: float = 4.0
    read_attempt: float = 10.0
    read_total: float = 20.0
    write_total: float = 30.0
    upload_total: float = 120.0  # 100 MB, the largest document of WhatsApp's, at 7 Mbit/s
    throttle_total: float = 10.0
    throttle_unnamed: float = 1.0  # the first wait where a 429 names none
    repeats: int = 3
    backoff_first: float = 0.2
    backoff_most: float = 3.0
    least_attempt: float = 0.5  # with less time left, another attempt of a read is not begun
    circuit_failures: int = 5  # in a row
    circuit_rest: float = 5.0
    body_bytes: int = 25 * 1024 * 1024

    def total(self, call: Call) -> float:
        if call.uploads:
            return self.upload_total
        return self.write_total if call.writes else self.read_total

    def attempt(self, call: Call) -> float:
        return self.total(call) if call.writes else self.read_attempt

    def least(self, call: Call) -> float:
        """Of a write, enough that the deadline cannot cut it off while it is still connecting."""
        connecting = self.pool + self.connect if call.writes else 0.0
        return connecting + self.least_attempt


DEFAULT_LIMITS = Limits()


class Deadline:
    """Sets `Call.until`, where the caller set none."""

    def __init__(self, send: Send, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self._send, self._clock, self._limits = send, clock, limits

    async def __call__(self, call: Call) -> Answer:
        if call.until is None:
            call = replace(call, until=self._clock.monotonic() + self._limits.total(call))
        return await self._send(call)


class Attempt:
    """Ends one attempt by our clock, however slowly the bytes drip: httpx's own read timeout
    starts anew with each chunk. What was cut off may have arrived. A write is cut off only by its
    deadline, since cutting it off leaves its outcome unknown."""

    def __init__(self, send: Send, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self._send, self._clock, self._limits = send, clock, limits

    async def __call__(self, call: Call) -> Answer:
        began = self._clock.monotonic()
        seconds = max(0.0, min(self._limits.attempt(call), _end(call) - began))
        try:
            answer = await within(self._clock, _started(self._send, call), seconds)
        except TimeoutError:
            raise Silence("timeout", sent=True) from None
        return replace(answer, seconds=self._clock.monotonic() - began)


async def _started(send: Send, call: Call) -> Answer:
    return await send(call)


def _end(call: Call) -> float:
    return math.inf if call.until is None else call.until


class Circuit:
    """After so many silences in a row it refuses at once, as `Unavailable` with `retry_after`, for
    a few seconds; then one call is let through as a probe, and its fate decides.

    Any answer closes it, a 4xx or 5xx too: something is there. A cancelled call proves nothing, and
    neither does waiting in vain for a connection of our own pool.
    """

    def __init__(self, send: Send, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self._send, self._clock, self._limits = send, clock, limits
        self._silences = 0
        self._rests_until = 0.0
        self._probing = False

    @property
    def open(self) -> bool:
        return self._silences >= self._limits.circuit_failures

    async def __call__(self, call: Call) -> Answer:
        probe = self.open
        if probe:
            self._admit(call)
            self._probing = True
        try:
            answer = await self._send(call)
        except Silence as silence:
            self._note(silence)
            raise
        finally:
            if probe:
                self._probing = False
        self._silences = 0
        return answer

    def _admit(self, call: Call) -> None:
        rests = self._rests_until - self._clock.monotonic()
        if rests > 0 or self._probing:
            raise Unavailable(
                "Chakra has not been answering and is given a few seconds of rest.",
                endpoint=call.endpoint,
                request_id=call.request_id,
                retry_after=max(rests, 1.0),
            )

    def _note(self, silence: Silence) -> None:
        if silence.kind == "pool":
            return
        self._silences += 1
        if self.open:
            self._rests_until = self._clock.monotonic() + self._limits.circuit_rest


class Observed:
    """Tells `observe` of every attempt, once it has ended in whatever way."""

    def __init__(self, send: Send, clock: Clock, observe: Observe) -> None:
        self._send, self._clock, self._observe = send, clock, observe

    async def __call__(self, call: Call) -> Answer:
        began, outcome = self._clock.monotonic(), "cancelled"
        try:
            answer = await self._send(call)
            outcome = str(answer.status)
        except Silence as silence:
            outcome = silence.kind
            raise
        except Unavailable:
            outcome = "rest"
            raise
        finally:
            self._observe(call.endpoint, outcome, self._clock.monotonic() - began)
        return answer


class Retry:
    """Repeats a read after silence and after the statuses in `RETRIED`; a write only when its
    connection was never made. Waits grow and are spread by `jitter`; a longer wait that the answer
    names is honoured."""

    def __init__(
        self, send: Send, clock: Clock, jitter: Jitter, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._send, self._clock, self._jitter, self._limits = send, clock, jitter, limits

    async def __call__(self, call: Call) -> Answer:
        for repeat in range(self._limits.repeats):
            wait = self._backoff(repeat)
            try:
                answer = await self._send(call)
            except Silence as silence:
                if call.writes and silence.sent:
                    raise
                if not self._time_for(call, wait):
                    raise
            else:
                if call.writes or answer.status not in RETRIED:
                    return answer
                wait = max(wait, wait_named_by(answer, self._clock.time()) or 0.0)
                if not self._time_for(call, wait):
                    return answer
            await sleep(self._clock, wait)
        return await self._send(call)

    def _backoff(self, repeat: int) -> float:
        most = min(self._limits.backoff_most, self._limits.backoff_first * 2.0**repeat)
        return most * (0.5 + self._jitter() / 2)

    def _time_for(self, call: Call, wait: float) -> bool:
        return self._clock.monotonic() + wait + self._limits.least(call) <= _end(call)


class Throttle:
    """Waits out refusals for asking too often, of reads and writes alike: what was refused was not
    done. Past `throttle_total` seconds of waiting the refusal itself is returned, and at once where
    it names a wait that is longer."""

    def __init__(
        self, send: Send, clock: Clock, jitter: Jitter, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._send, self._clock, self._jitter, self._limits = send, clock, jitter, limits

    async def __call__(self, call: Call) -> Answer:
        most = self._clock.monotonic() + self._limits.throttle_total
        waits_until = min(most, _end(call) - self._limits.least(call))
        unnamed = self._limits.throttle_unnamed
        while True:
            answer = await self._send(call)
            if not is_throttled(answer):
                return answer
            named = wait_after(answer, self._clock.time())
            # Callers who were refused together should not come back together.
            wait = (unnamed if named is None else named) * (1 + self._jitter() / 4)
            wait = max(wait, self._limits.backoff_first)
            if self._clock.monotonic() + wait > waits_until:
                return answer
            await sleep(self._clock, wait)
            unnamed *= 2
