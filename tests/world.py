"""The world of a story, with what a person does in it and what they see."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox import world as sandbox
from tests.clock import ManualClock
from tests.event_loop import idle


@dataclass(frozen=True, slots=True)
class World(sandbox.World):
    """The embedded Slack and Chakra with the real bot between them, and the clock of all three."""

    clock: ManualClock

    async def idle(self) -> None:
        """Return once only time, a released call or a person can make something happen."""
        await idle()

    async def settle(self) -> None:
        """Return once only time, a released call or a person can make something happen."""
        await idle()
