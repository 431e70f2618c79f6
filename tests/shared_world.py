"""A world that the stories of a module share: each begins as in a new one, and leaves nothing."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.db.columns import METADATA
from tests.world import World

shared_world = pytest.mark.asyncio(loop_scope="module")
"""For a story that changes nothing that another one could see: its ``acme`` is the module's."""
own_world = pytest.mark.asyncio(loop_scope="function")
"""For one that does, in a module whose ``pytestmark`` is the other."""

STATELESS = {"RequestPipeline", "WebhookSender", "TimerGroup"}
"""Classes of the embedded Chakra whose objects are records of traffic."""
UNCOMPARED_TABLES = {"rate_limits", "slack_events"}
"""What they hold is of no use to a later story: each has events of its own."""

PAUSE_SECONDS = 6.0
"""Between two stories: no limit is reached by both together, and no circuit is open (5 s)."""


class SharedWorld:
    """A world, and what was in it when it was opened."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._messages = {
            channel: dict(messages)
            for channel, messages in world.slack.workspace.messages._by_channel.items()
        }
        self._files = dict(world.slack.workspace.files._files)
        self._state: dict[str, object] = {}

    async def open(self) -> None:
        """Note what a story may not change."""
        self._state = await self._describe()

    async def begin(self) -> None:
        """Forget the faults, records, messages, files, forms and cached values of earlier stories.

        A story that asserts that nothing was asked, posted or cached then proves as much as it
        does in a world of its own.
        """
        await self.world.clock.jump(PAUSE_SECONDS)
        slack, chakra = self.world.slack, self.world.chakra
        workspace, log = slack.workspace, slack._exchange_log
        workspace.messages._by_channel = {
            channel: dict(messages) for channel, messages in self._messages.items()
        }
        workspace.files._files = dict(self._files)
        for left in (
            slack._web_api.faults._queued,
            chakra._pipeline.faults._planned,
            workspace.notices,
            workspace.views._stacks,
            workspace.views._homes,
            workspace.previews._shared,
            workspace.previews._panes,
            workspace.previews._open,
            workspace.previews._panes_by_trigger,
            workspace.validator.rejections,
            workspace.validator.warnings,
            log.calls,
            log.exchanges,
            chakra.requests,
            chakra._whatsapp.webhooks.deliveries,
            self.world.bot.context.health._cache._entries,
        ):
            left.clear()

    async def find_changes(self) -> list[str]:
        """Return the names of what the story has changed."""
        await self.world.wait_until_idle()
        before, self._state = self._state, await self._describe()
        return [name for name, state in self._state.items() if state != before[name]]

    async def _describe(self) -> dict[str, object]:
        slack, chakra, bot = self.world.slack, self.world.chakra, self.world.bot
        workspace = slack.workspace
        return {
            "channels": dict(workspace.channels),
            "members": dict(workspace.members),
            "groups": dict(workspace.user_groups),
            "hanging methods": set(slack._web_api.faults._hang_events),
            "withheld events": slack._events._withheld,
            "Slack's settings": (
                slack._tokens._revoked,
                slack._delivery.request_url,
                slack._delivery.ack_travel_seconds,
                slack._user_actions.state_gap,
                workspace.validator._refuses_private_tables,
                workspace.files.base_url,
                workspace.previews.work_objects_enabled,
            ),
            "Chakra's endpoints": list(chakra._pipeline.disabled_endpoints),
            "Chakra's state": pickle_state(vars(chakra)),
            "rows": await count_rows(self.world),
            "durable engine": bot.engine._workflow is not None,
            "runs": bot.engine.running_count,
            "replies": bot.tasks.pending_replies,
        }


async def count_rows(world: World) -> Mapping[str, int]:
    """Return the number of rows of each table."""
    tables = [table for table in METADATA.sorted_tables if table.name not in UNCOMPARED_TABLES]
    counts = [
        select(func.count()).select_from(table).scalar_subquery().label(table.name)
        for table in tables
    ]
    async with world.bot.database.begin() as connection:
        [row] = (await connection.execute(select(*counts))).mappings()
    return dict(row)


def pickle_state(state: object) -> bytes:
    """Return a value that differs if anything in a stand-in's objects does."""
    written = io.BytesIO()
    _StatePickler(written, pickle.HIGHEST_PROTOCOL).dump(state)
    return written.getvalue()


class _Fields:
    """Stands for an object whose fields are written."""


class _StatePickler(pickle.Pickler):
    """Writes the stand-ins' objects as their fields; clocks, routes and records have no state."""

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if isinstance(value, type):
            return NotImplemented
        if kind.__module__.startswith("bot.sandbox.chakra") and kind.__name__ not in STATELESS:
            names = getattr(kind, "__slots__", None) or vars(value)
            return _Fields, (), {name: getattr(value, name, None) for name in names}
        return str, (kind.__name__,)
