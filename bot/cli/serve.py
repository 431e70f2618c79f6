"""``chakra-bot serve``: run the app from its start to an orderly stop."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import structlog

from bot.aio.clock import Clock
from bot.application import DRAIN_SECONDS, open_application
from bot.context import Context
from bot.errors import DatabaseLocked, DatabaseUnavailable, SlackError
from bot.settings.settings import Settings
from bot.slack.commands.command import Command
from bot.slack.commands.registry import build_registry
from bot.web.server import serve

T = TypeVar("T")

GC_THRESHOLDS = (20_000, 20, 20)
"""Thresholds of the garbage collector; Python's defaults suit short-lived programs."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

SLACK_START_ERRORS = {
    "unreachable": (
        "Slack could not be reached. Check the network and SLACK_API_URL, then start again."
    ),
    "ratelimited": "Slack is rate limiting this app. Start again in a minute.",
    "unreadable": "SLACK_API_URL is not the address of Slack's API. Correct that address.",
}

DATABASE_LOCKED_MESSAGE = (
    "Another process is using the same database file. Stop it, or set DATABASE_URL to another "
    "file; several replicas need a postgresql:// address."
)


class StartupError(Exception):
    """The application cannot start. The message says why, and what to do."""


async def run(
    settings: Settings,
    commands: Sequence[Command[Context]],
    clock: Clock,
    *,
    on_ready: Callable[[str], None] = lambda _: None,
    drain_seconds: float = DRAIN_SECONDS,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish running work within ``drain_seconds``.

    ``on_ready`` is called with the base URL once requests are answered. Raises ``StartupError``.
    """
    _collect_and_freeze()  # the imports: what is opened next takes the memory they no longer need
    stop = install_stop_signals()
    async with AsyncExitStack() as stack:
        url = await _run_unless_stopped(
            stop, _start(stack, settings, commands, clock, drain_seconds)
        )
        if url is None:
            return
        log = structlog.get_logger("serve")
        log.info("ready", url=url, mode="socket" if settings.socket_mode else "http")
        on_ready(url)
        await stop.wait()
        log.info("stopping")


async def _start(
    stack: AsyncExitStack,
    settings: Settings,
    commands: Sequence[Command[Context]],
    clock: Clock,
    drain_seconds: float,
) -> str:
    """Open everything on ``stack`` and return the base URL. Raises ``StartupError``."""
    try:
        application = await stack.enter_async_context(
            open_application(settings, build_registry(commands), clock, drain_seconds=drain_seconds)
        )
        await application.engine.launch()
        freeze_gc()
        url = await stack.enter_async_context(
            serve(application.web, settings.port, host=settings.host, grace_seconds=drain_seconds)
        )
        await stack.enter_async_context(application.accepting_requests())
    except SlackError as refused:
        raise StartupError(_explain_slack_error(refused)) from refused
    except DatabaseLocked as taken:
        raise StartupError(DATABASE_LOCKED_MESSAGE) from taken
    except DatabaseUnavailable as down:
        raise StartupError(
            f"The database is unavailable ({down.message.rstrip('.')}). Check "
            "DATABASE_URL, and that the database is running and writable."
        ) from down
    except OSError as taken:
        raise StartupError(
            f"This app cannot bind to {settings.host}:{settings.port} "
            f"({taken.strerror or taken}). Set HOST and PORT to a free address, or stop the "
            "program that uses this one."
        ) from taken
    return url


async def _run_unless_stopped(stop: asyncio.Event, coroutine: Coroutine[Any, Any, T]) -> T | None:
    """Return the coroutine's result, or None if ``stop`` is set first.

    The coroutine is cancelled in that case, so that a start that waits for Slack can be stopped.
    """
    task, stopped = asyncio.ensure_future(coroutine), asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return None


def freeze_gc() -> None:
    """Exclude everything allocated so far from garbage collection, and collect less often.

    This saves a tenth of the time of a cached answer.
    """
    _collect_and_freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.enable()  # the entry point turned it off


def _collect_and_freeze() -> None:
    """Collect what was allocated since the last call. After the imports it takes 0.2 s."""
    gc.collect()
    gc.freeze()


def install_stop_signals() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set.

    uvicorn's own handlers raise the signal again after the stop; with these the process exits 0.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop_signal in STOP_SIGNALS:
        loop.add_signal_handler(stop_signal, stop.set)
    return stop


def _explain_slack_error(error: SlackError) -> str:
    known = SLACK_START_ERRORS.get(error.code)
    if known is not None:
        return known
    if error.retryable:
        return f"Slack is failing right now ({error.code}). Start again in a minute."
    token = "SLACK_APP_TOKEN" if error.method == "apps.connections.open" else "SLACK_BOT_TOKEN"
    return f"Slack rejected {token} ({error.code}). Run chakra-bot doctor to see what to change."
