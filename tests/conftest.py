"""The world of a story: the embedded Slack and Chakra with the real bot between them, over HTTP."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import settings

from bot import manifest
from bot.context import Context
from bot.db.engine import Database
from bot.sandbox import world
from bot.sandbox.checked_commands import check_commands
from bot.slack.commands.command import Command
from commands import COMMANDS
from tests.changed import is_beside, list_changed_files
from tests.clock import ManualClock, run_clock
from tests.db.databases import KINDS, create_database_url, open_empty_database, stop_postgres
from tests.db.shared_statements import share_compiled_statements
from tests.event_loop import STALLED, IdleEventLoop, get_running_loop
from tests.plain_logs import configure_plain_logs
from tests.shared_world import SharedWorld, shared_world
from tests.world import World

# Nothing here is measured by its time: a busy machine must not fail a property.
# HYPOTHESIS_PROFILE=thorough is what CI runs: always the same examples, as Hypothesis's own profile
# for CI does, so that nothing but a change makes a difference. People's runs search for new ones, a
# third as many.
settings.register_profile("quick", deadline=None, max_examples=35)
settings.register_profile("thorough", deadline=None, max_examples=100, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

configure_plain_logs()
share_compiled_statements()
gc.disable()  # until all tests are collected: they stay, and looking through them takes seconds

CHECKED_COMMANDS = check_commands(COMMANDS)
"""Checked once for all worlds."""
MANIFEST = manifest.load()
"""Read once for all worlds."""

OpenSandbox = Callable[..., AbstractAsyncContextManager[World]]

MEMORY_FOLDER, MIN_FREE_MEMORY_BYTES = Path("/dev/shm"), 2 * 2**30  # noqa: S108 - see below

WORKFLOW_POLL_SECONDS = 0.2
"""The engine's poll: with 0.02 s stories that run it need a third more CPU, with 0.5 s no less."""
GC_THRESHOLDS = (20_000, 20, 20)
"""Allocations before a collection of the young objects, and how many of those before older ones."""

WORLD_FIXTURES = {"acme", "module_world", "open_sandbox", "demo", "services"}


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' files in memory where there is room, so that no commit waits for a disk."""
    if MEMORY_FOLDER.is_dir() and shutil.disk_usage(MEMORY_FOLDER).free > MIN_FREE_MEMORY_BYTES:
        tempfile.tempdir = str(MEMORY_FOLDER)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run one more than there are cores: some stories wait for a process or a real second."""
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--changed",
        action="store_true",
        help="of the tests that need a world, run only those beside the files that changed",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what runs a world, and start with the slowest, so that none of them begins last."""
    for item in items:
        if isinstance(item, pytest.Function) and WORLD_FIXTURES & set(item.fixturenames):
            item.add_marker(pytest.mark.world)
    if config.getoption("--changed"):
        _keep_changed(config, items)
    items.sort(key=_is_quick)


def _keep_changed(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need a world, except those beside the files that changed."""
    changed = list_changed_files()
    left_out = {
        item
        for item in items
        if item.get_closest_marker("world") and not is_beside(item.location[0], changed)
    }
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave the modules and the collected tests to no collection: each costs as much as a world.

    What is garbage by now stays too: to find it would take as long as ten worlds.
    """
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.enable()


def pytest_sessionfinish() -> None:
    stop_postgres()


def _is_quick(item: pytest.Item) -> bool:
    return not any(item.get_closest_marker(name) for name in ("process", "browser"))


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test on a loop that can tell when nothing is left to do."""
    return {"idle": IdleEventLoop}


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fail a test that waited for a clock that was never moved with just that sentence."""
    try:
        return (yield)
    except asyncio.CancelledError as cancelled:
        if STALLED in str(cancelled):
            pytest.fail(str(cancelled))
        raise


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> ManualClock:
    """Return a clock that moves only when a test moves it: the world's that the story shares."""
    if shares_world(request):
        shared = request.getfixturevalue("module_world")
        assert isinstance(shared, SharedWorld)
        return shared.world.clock
    return ManualClock()


@pytest.fixture
def open_sandbox(clock: ManualClock) -> OpenSandbox:
    """A world with settings of its own: ``async with open_sandbox(socket_mode=True) as world``."""
    return partial(open_world, clock)


@asynccontextmanager
async def open_world(
    clock: ManualClock, commands: Sequence[Command[Context]] = CHECKED_COMMANDS, **settings: Any
) -> AsyncIterator[World]:
    prepared = {"app_manifest": MANIFEST, "workflow_poll_seconds": WORKFLOW_POLL_SECONDS}
    sandbox = world.open_sandbox(commands, clock, **{**prepared, **settings})
    entered = await sandbox.__aenter__()
    try:
        get_running_loop().watch_busy(lambda: entered.bot.database.in_use)
        yield World(
            entered.slack, entered.chakra, entered.bot, entered.bot_url, entered.phones, clock
        )
    finally:
        async with run_clock(clock):
            await sandbox.__aexit__(None, None, None)


@pytest.fixture
def acme(request: pytest.FixtureRequest) -> World:
    """The world of most stories: HTTP mode, John and the Sales group may write.

    Stories marked ``shared_world`` (tests/shared_world.py) share the one of their module.
    """
    found = request.getfixturevalue("shared_acme" if shares_world(request) else "own_acme")
    assert isinstance(found, World)
    return found


def shares_world(request: pytest.FixtureRequest) -> bool:
    """Return whether the world of this story is the module's."""
    return "acme" in request.fixturenames and (
        request.node.get_closest_marker(shared_world.name) == shared_world.mark
    )


@pytest.fixture(scope="module")
def world_settings() -> dict[str, Any]:
    """Return how ``acme`` differs from other worlds; a module overrides this fixture."""
    return {}


@pytest.fixture
async def own_acme(
    open_sandbox: OpenSandbox, world_settings: dict[str, Any]
) -> AsyncIterator[World]:
    async with open_sandbox(**world_settings) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def module_world(world_settings: dict[str, Any]) -> AsyncIterator[SharedWorld]:
    """Open one world for the stories of a module."""
    async with open_world(ManualClock(), **world_settings) as world:
        shared = SharedWorld(world)
        await shared.open()
        yield shared


@pytest_asyncio.fixture(loop_scope="module")
async def shared_acme(module_world: SharedWorld) -> AsyncIterator[World]:
    """The module's world as if it were new. A story that leaves something in it fails."""
    await module_world.begin()
    yield module_world.world
    assert await module_world.find_changes() == [], "left in the module's world"


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that does not exist yet: each test runs on SQLite and Postgres."""
    return create_database_url(request.param, tmp_path)


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database: each test runs on SQLite and on Postgres."""
    async with open_empty_database(request.param, tmp_path) as database:
        yield database


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty SQLite database, for tests of what does not depend on the kind."""
    async with open_empty_database("sqlite", tmp_path) as database:
        yield database
