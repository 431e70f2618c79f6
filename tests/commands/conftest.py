"""Every story of a command ends with a look at what Slack refused, or only just took."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.world import World


@pytest.fixture(autouse=True)
async def _slack_takes_everything(acme: World) -> AsyncIterator[None]:
    yield
    assert acme.slack.refusals == []
    assert acme.slack.warnings == []
