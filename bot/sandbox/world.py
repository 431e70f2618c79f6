"""``chakra-bot demo``: the real bot between an embedded Slack and an embedded Chakra."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot import manifest
from bot.aio.clock import Clock
from bot.application import Application, open_application
from bot.cli.serve import install_stop_signals
from bot.context import Context
from bot.durable.engine import POLL_SECONDS
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.checked_commands import check_commands
from bot.sandbox.slack import EmbeddedSlack, Hint, Sample, Tip
from bot.settings.settings import Settings
from bot.slack.commands import help as helping
from bot.slack.commands.command import Command
from bot.slack.commands.dispatcher import Timeouts
from bot.web.server import serve

DEMO_SENDERS = ("U0JOHN", "S0SALES")
EVENTS = "/slack/events"
CHAKRA = "/chakra/events"
WEBHOOK_SECRET = "the embedded Chakra signs with this"  # noqa: S105 - nobody outside can use it
DATABASE = "sqlite:///:memory:"
"""Gone with the process, as the embedded Slack and Chakra are."""
TABLE = Path(__file__).with_name("samples") / "leads.csv"
BULK = ("/chakra bulk create lead", "Opens the form that takes the table below.")
TURNS = 30
"""Turns of the loop in which a task gets from its start to its first call over loopback."""


class PortTaken(Exception):
    """The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a demo or a test holds: the two stand-ins and the bot between them."""

    slack: EmbeddedSlack
    chakra: EmbeddedChakra
    bot: Application
    bot_url: str

    async def settle(self) -> None:
        """Until everything that can happen without more time, or more of a hung Chakra, has."""
        while True:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            await self.slack.settle()
            if not self.bot.tasks.pending_replies:
                return


@asynccontextmanager
async def world(
    commands: Sequence[Command[Context]],
    clock: Clock,
    *,
    port: int = 0,
    socket_mode: bool = False,
    budgets: Timeouts | None = None,
    workflow_poll_seconds: float = POLL_SECONDS,
    senders: tuple[str, ...] = DEMO_SENDERS,
    app_manifest: dict[str, object] | None = None,
    other: dict[str, object] | None = None,
) -> AsyncIterator[World]:
    """The three of them, running and connected over HTTP on loopback. ``port`` is the page's;
    ``other`` are settings that differ from the usual ones."""
    async with AsyncExitStack() as stack:
        chakra = EmbeddedChakra(clock=clock)
        slack = EmbeddedSlack(
            manifest=app_manifest or manifest.load(),
            clock=clock,
            hints=hints(commands),
            tips=tips(chakra),
        )
        slack.served_at(await stack.enter_async_context(serve(slack.app, port)))
        await slack.start()
        stack.push_async_callback(slack.aclose)
        chakra.served_at(await stack.enter_async_context(serve(chakra.app)))
        stack.push_async_callback(chakra.aclose)
        settings = settings_for(slack, chakra, senders=senders, socket_mode=socket_mode)
        settings = settings.model_copy(update=other or {})
        bot = await stack.enter_async_context(
            open_application(
                settings,
                check_commands(commands),
                clock,
                budgets,
                workflow_poll_seconds=workflow_poll_seconds,
            )
        )
        url = await stack.enter_async_context(serve(bot.web))
        chakra.events_to(url + CHAKRA, WEBHOOK_SECRET)
        await stack.enter_async_context(bot.accepting_requests())
        if not socket_mode:
            slack.deliver_to(url + EVENTS)
        yield World(slack, chakra, bot, url)


def settings_for(
    slack: EmbeddedSlack, chakra: EmbeddedChakra, *, senders: tuple[str, ...], socket_mode: bool
) -> Settings:
    return Settings(
        slack_bot_token=SecretStr(slack.bot_token),
        slack_signing_secret=None if socket_mode else SecretStr(slack.signing_secret),
        slack_app_token=SecretStr(slack.app_token) if socket_mode else None,
        slack_api_url=slack.api_url,
        chakra_access_token=SecretStr(chakra.access_token),
        chakra_api_url=chakra.base_url,
        chakra_plugin_id=chakra.plugin_id,
        chakra_waba_id=chakra.waba_id,
        chakra_whatsapp_phone_number_id=chakra.sender_ids[0],
        chakra_webhook_secret=SecretStr(WEBHOOK_SECRET),
        database_url=SecretStr(DATABASE),
        senders=senders,
        default_region="IN",
    )


def hints(commands: Sequence[Command[Context]]) -> list[Hint]:
    """Return the completions of the composer; their usage leaves out the command's name."""
    made = [
        Hint(f"/chakra {command.name} ", _arguments(command.usage), command.summary)
        for command in commands
    ]
    return [
        *made,
        Hint(f"/chakra {helping.NAME}", _arguments(helping.USAGE), helping.SUMMARY),
    ]


def _arguments(usage: str) -> str:
    return usage.partition(" ")[2]


def tips(chakra: EmbeddedChakra) -> list[Tip]:
    """The table, the jobs and the numbers with which something known happens."""
    jobs = tuple((one.id, one.about) for one in chakra.seeded_jobs)
    numbers = tuple((f"+{one.number}", one.says) for one in chakra.test_numbers)
    return [
        Tip("A table to upload", (BULK,), samples=(sample(),)),
        Tip("Background jobs", jobs, line="/chakra job {}", in_forms=False),
        Tip("Numbers to send to", numbers, line="/chakra send {}"),
    ]


def sample() -> Sample:
    """Leads of a trade fair as a spreadsheet saves them, slips included."""
    content = TABLE.read_bytes()
    rows = len(content.splitlines()) - 1
    note = f"{rows} leads of a trade fair. Some rows have problems, as in real life."
    return Sample(TABLE.name, content, "text/csv", note)


async def run(
    commands: Sequence[Command[Context]],
    clock: Clock,
    *,
    port: int,
    socket_mode: bool,
    say: Callable[[str], None],
) -> None:
    """Until SIGTERM or SIGINT. Raises ``PortTaken``."""
    stop: asyncio.Event = install_stop_signals()
    try:
        async with world(commands, clock, port=port, socket_mode=socket_mode) as made:
            await made.bot.context.workflows.launch()  # not in the three seconds of the first watch
            say(_banner(made.slack.base_url))
            await stop.wait()
    except OSError as taken:
        raise PortTaken(
            f"Port {port} is taken. Stop what uses it, or choose another: make demo PORT=8500"
        ) from taken


def _banner(url: str) -> str:
    return (
        f"\n  Chakra for Slack, with an embedded Slack and an embedded Chakra.\n"
        f"  Open        {url}/\n"
        f"  Then type   /chakra user john@acme.com, /chakra send or /chakra bulk\n"
        f"  Stop with   Ctrl+C\n"
    )
