"""``serve`` as in ``monitored_bot``, whose exports ask for pages as fast as Chakra answers:
``python -m tests.bench.eager_exports``."""

from __future__ import annotations

import asyncio
from unittest.mock import patch

import uvloop

from bot import workflows
from tests.bench import monitored_bot

EAGER_BOT = ["tests.bench.eager_exports"]
PAGES_PER_SECOND = 10_000.0

if __name__ == "__main__":
    with (
        patch.object(workflows, "MAX_PAGES_PER_SECOND", PAGES_PER_SECOND),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(monitored_bot.main())
