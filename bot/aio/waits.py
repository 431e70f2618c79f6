"""Track whether a request waits for Chakra, so that a notice blames Chakra only when it is slow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Waits:
    """How many calls of one request wait for Chakra at this moment."""

    for_chakra: int = 0


_current: ContextVar[Waits | None] = ContextVar("waits", default=None)


def track_waits(waits: Waits) -> None:
    """Count in ``waits`` the waits of this task and of the tasks that it starts."""
    _current.set(waits)


@contextmanager
def waiting_for_chakra() -> Iterator[None]:
    waits = _current.get()
    if waits is None:
        yield
        return
    waits.for_chakra += 1
    try:
        yield
    finally:
        waits.for_chakra -= 1
