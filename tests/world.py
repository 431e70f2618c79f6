"""The world of a story, with what a person does in it and what they see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox import world as sandbox
from bot.sandbox.slack import VisibleMessage
from tests.clock import ManualClock
from tests.event_loop import wait_until_idle
from tests.people import JOHN, SALES


@dataclass(frozen=True, slots=True)
class World(sandbox.Sandbox):
    """The embedded Slack and Chakra with the real bot between them, and the clock of all three."""

    clock: ManualClock

    async def wait_until_idle(self) -> None:
        """Return once only time, a released call or a person can make something happen."""
        await wait_until_idle()

    async def settle(self) -> None:
        """Return once only time, a released call or a person can make something happen."""
        await wait_until_idle()

    async def type(self, text: str, *, by: str = JOHN, channel: str = SALES) -> VisibleMessage:
        """Type a line; return what this person then sees last there. If the bot waits for a Chakra
        that hangs, use it within ``async with world.clock.running():``."""
        await self.slack.type(by, channel, text.rstrip())
        await self.wait_until_idle()
        return self.find_shown(by=by, channel=channel)

    async def press(
        self, action: str, *, by: str = JOHN, channel: str = SALES, value: Any = None
    ) -> VisibleMessage:
        """Press a button or choose in a menu; return what this person then sees last there."""
        await self.slack.press(by, action, value=value)
        await self.wait_until_idle()
        return self.find_shown(by=by, channel=channel)

    async def submit(self, values: Mapping[str, Any], *, by: str = JOHN) -> dict[str, str]:
        """Submit the open form; return the sentences under its fields."""
        delivered = await self.slack.submit(by, values)
        await self.wait_until_idle()
        return delivered.errors

    async def send(
        self, values: Mapping[str, Any] | None = None, *, by: str = JOHN
    ) -> dict[str, str]:
        """Fill in the open form, and send what "Check and send" then shows; return the sentences
        under the form's fields, with which nothing is sent."""
        return await self.submit(values or {}, by=by) or await self.confirm(by=by)

    async def confirm(self, *, by: str = JOHN) -> dict[str, str]:
        """Send what "Check and send" shows."""
        view = self.slack.find_view(by) or {}
        assert view.get("callback_id") == "send.confirm", view.get("callback_id")
        return await self.submit({}, by=by)

    def find_shown(self, *, by: str = JOHN, channel: str = SALES) -> VisibleMessage:
        """Return what this person sees last there."""
        return self.slack.list_messages(by, channel)[-1]
