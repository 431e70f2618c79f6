"""IDs, timestamps and secrets in Slack's formats, unique within the workspace."""

from __future__ import annotations

import itertools
import secrets

from bot.aio.clock import Clock


class IdGenerator:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counter = itertools.count(1)
        self._last_ts = 0

    def generate_ts(self, seconds_ago: float = 0) -> str:
        """Return a message timestamp ("1714578994.000100"), later than every one before it."""
        wanted = int((self._clock.time() - seconds_ago) * 1_000_000)
        self._last_ts = max(wanted, self._last_ts + 1)
        return self._format_ts(self._last_ts)

    def get_current_ts(self) -> str:
        """Return the current time as a ``ts`` (``action_ts`` of an interaction)."""
        return self._format_ts(int(self._clock.time() * 1_000_000))

    def generate_id(self, prefix: str) -> str:
        """Return "V0000001" for "V": unique within this workspace."""
        return f"{prefix}{next(self._counter):07d}"

    def generate_block_id(self) -> str:
        """Return an ID in the form that Slack generates for blocks and elements without one."""
        return secrets.token_urlsafe(4)[:5]

    def generate_trigger_id(self) -> str:
        number = next(self._counter)
        return f"{int(self._clock.time() * 1000)}.{number:011d}.{secrets.token_hex(16)}"

    def generate_view_hash(self) -> str:
        return f"{int(self._clock.time())}.{secrets.token_hex(4)}"

    @staticmethod
    def _format_ts(microseconds: int) -> str:
        return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"


def generate_bot_token() -> str:
    return (
        f"xoxb-{_generate_random_digits(12)}-{_generate_random_digits(13)}-{secrets.token_hex(12)}"
    )


def generate_app_token() -> str:
    return f"xapp-1-A0CHAKRA-{_generate_random_digits(13)}-{secrets.token_hex(32)}"


def generate_event_id() -> str:
    """Return a random event ID ("Ev0PV52K21"), which no restart repeats."""
    return f"Ev{secrets.token_hex(4).upper()}"


def generate_secret() -> str:
    """Return a signing secret or a verification token: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def _generate_random_digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))
