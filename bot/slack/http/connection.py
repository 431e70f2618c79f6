"""Whether the socket of Socket Mode is open: for the log, ``/readyz``, the metrics and the card."""

from __future__ import annotations

import structlog

from bot.aio.clock import Clock

LOST_AFTER_SECONDS = 3.0
"""Seconds without a socket before it counts as lost: Slack asks for a new one every few hours."""


class SocketConnection:
    """The state of the socket when it was last looked at. It counts as lost until the first one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closed_at: float | None = clock.monotonic() - LOST_AFTER_SECONDS
        self._is_reported = True
        self._log = structlog.get_logger("socket")

    @property
    def closed_seconds(self) -> float:
        """How long there has been no open socket; 0 if there is one."""
        return 0.0 if self._closed_at is None else self._clock.monotonic() - self._closed_at

    @property
    def is_lost(self) -> bool:
        """Whether nothing has been able to arrive for some seconds."""
        return self.closed_seconds >= LOST_AFTER_SECONDS

    def update(self, *, is_open: bool) -> None:
        """Record the socket's current state. A loss, and the end of one, are logged once."""
        if is_open:
            if self._is_reported:
                self._log.info("socket_connected", after_seconds=round(self.closed_seconds, 1))
            self._closed_at, self._is_reported = None, False
            return
        if self._closed_at is None:
            self._closed_at = self._clock.monotonic()
        if self.is_lost and not self._is_reported:
            self._is_reported = True
            self._log.warning("socket_lost", seconds=round(self.closed_seconds, 1))
