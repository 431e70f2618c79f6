"""A browser on the demo page: Debian's Chromium, or skipped with the reason."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, async_playwright, expect

from bot.sandbox.skipping_clock import SkippingClock
from bot.sandbox.world import Sandbox, open_sandbox
from bot.slack.commands.dispatcher import Timeouts
from commands import COMMANDS

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
# The test machine may have no network: without these options Chromium looks up its maker's hosts.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


# Real time, and other tests beside it: a long timeout costs nothing if all is well.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine; on Debian and Ubuntu: apt install chromium")
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium_browser(chromium: str) -> AsyncIterator[Browser]:
    """Start one per worker, as that takes long."""
    async with async_playwright() as playwright:
        try:
            opened = await playwright.chromium.launch(
                executable_path=chromium, args=CHROMIUM_ARGUMENTS
            )
        except Error as failed:
            pytest.skip(f"Chromium does not start here: {failed.message.splitlines()[0]}")
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium_browser: Browser) -> AsyncIterator[Browser]:
    """Return a browser context that each story has for itself."""
    yield chromium_browser
    for context in chromium_browser.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def demo() -> AsyncIterator[Sandbox]:
    """Open the demo in real time: a browser has its own clock.

    The names of roles, the templates and the senders are loaded in advance: a card and a form wait
    for them only briefly, and a busy machine may be slower. For the same reason an ack waits longer
    than in production.
    """
    async with open_sandbox(COMMANDS, SkippingClock(), timeouts=Timeouts(ack=2.0)) as world:
        await world.bot.context.directory.get_names(wait=True)
        await world.bot.context.templates.get_index()
        await world.bot.context.templates.get_senders()
        await world.bot.engine.launch()
        world.phones.seed()
        yield world
