"""``chakra-bot serve``: the bot for real, from its start to its orderly stop."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import structlog

from bot.aio.clock import Clock
from bot.application import DRAIN, open_services
from bot.context import Desk
from bot.errors import SlackError, StoreInUse, StoreUnavailable
from bot.settings.settings import Settings
from bot.slack.commands.command import Command
from bot.web.server import serve

T = TypeVar("T")

COLLECT = (20_000, 20, 20)
"""Thresholds of the garbage collector; Python's own are made for short programs."""

STOPS = (signal.SIGTERM, signal.SIGINT)

SLACK_START = {
    "unreachable": (
        "Slack could not be reached. Check the network and SLACK_API_URL, then start again."
    ),
    "ratelimited": "Slack asks this app to slow down. Start again in a minute.",
    "unreadable": "What answers at SLACK_API_URL is not Slack. Correct that address.",
}


STORE_TAKEN = (
    "Another process works on the same database file. Stop it, or set DATABASE_URL to another "
    "file; several replicas need a postgresql:// address."
)


class CannotStart(Exception):
    """The sentence says why, and what to do."""


async def run(
    settings: Settings,
    commands: Sequence[Command[Desk]],
    clock: Clock,
    *,
    started: Callable[[str], None] = lambda _: None,
    drain: float = DRAIN,
) -> None:
    """Serves until SIGTERM or SIGINT, then finishes what is in hand within ``drain`` seconds.

    ``started`` is called with the base URL once requests are answered. Raises ``CannotStart``.
    """
    stop = stopping()
    async with AsyncExitStack() as stack:
        url = await _unless(stop, _start(stack, settings, commands, clock, drain))
        if url is None:
            return
        log = structlog.get_logger("serve")
        log.info("ready", url=url, mode="socket" if settings.socket_mode else "http")
        started(url)
        await stop.wait()
        log.info("stopping")


async def _start(
    stack: AsyncExitStack,
    settings: Settings,
    commands: Sequence[Command[Desk]],
    clock: Clock,
    drain: float,
) -> str:
    """The base URL, once all is open."""
    try:
        services = await stack.enter_async_context(
            open_services(settings, commands, clock, drain=drain)
        )
        await services.desk.work.launch()
        settle_memory()  # before anybody can ask for anything: it takes a fifth of a second
        url = await stack.enter_async_context(
            serve(services.web, settings.port, host=settings.host, grace=drain)
        )
        await stack.enter_async_context(services.taking_work())
    except SlackError as refused:
        raise CannotStart(_slack_sentence(refused)) from refused
    except StoreInUse as taken:
        raise CannotStart(STORE_TAKEN) from taken
    except StoreUnavailable as down:
        raise CannotStart(
            f"The database cannot be worked with ({down.message.rstrip('.')}). Check "
            "DATABASE_URL, and that the database runs and may be written to."
        ) from down
    except OSError as taken:
        raise CannotStart(
            f"{settings.host}:{settings.port} cannot be listened on "
            f"({taken.strerror or taken}). Set HOST and PORT to a free address, or stop what "
            "uses this one."
        ) from taken
    return url


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What ``work`` returns; ``None`` when the stop comes first, and the work is broken off: a
    start that waits for Slack can be stopped as well."""
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return None


def settle_memory() -> None:
    """What is here now stays: the collector need not look at it again, nor every few requests at
    what they leave behind. A tenth of the time of a cached answer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def stopping() -> asyncio.Event:
    """uvicorn's own handlers raise the signal again after the stop; these let the exit be 0."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in STOPS:
        loop.add_signal_handler(one, stop.set)
    return stop


def _slack_sentence(refused: SlackError) -> str:
    known = SLACK_START.get(refused.code)
    if known is not None:
        return known
    if refused.repeat_helps:
        return f"Slack fails at the moment ({refused.code}). Start again in a minute."
    token = "SLACK_APP_TOKEN" if refused.method == "apps.connections.open" else "SLACK_BOT_TOKEN"
    return f"Slack refuses {token} ({refused.code}). Run chakra-bot doctor: it says what to change."
