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
SLACK_EVENTS_PATH = "/slack/events"
CHAKRA_EVENTS_PATH = "/chakra/events"
WEBHOOK_SECRET = "the embedded Chakra signs with this"
IN_MEMORY_DATABASE_URL = "sqlite:///:memory:"
"""Gone with the process, as the embedded Slack and Chakra are."""
SAMPLE_TABLE_PATH = Path(__file__).with_name("samples") / "leads.csv"
BULK_TIP_ROW = ("/chakra bulk create lead", "Opens the form that takes the table below.")
SETTLE_LOOP_CYCLES = 30
"""Turns of the loop in which a task gets from its start to its first call over loopback."""


class PortInUse(Exception):
    """The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Everything that a demo or a test holds: the two stand-ins and the bot between them."""

    slack: EmbeddedSlack
    chakra: EmbeddedChakra
    bot: Application
    bot_url: str

    async def settle(self) -> None:
        """Until everything that can happen without more time, or more of a hung Chakra, has."""
        while True:
            for _ in range(SETTLE_LOOP_CYCLES):
                await asyncio.sleep(0)
            await self.slack.settle()
            if not self.bot.tasks.pending_replies:
                return


@asynccontextmanager
async def open_sandbox(
    commands: Sequence[Command[Context]],
    clock: Clock,
    *,
    port: int = 0,
    socket_mode: bool = False,
    timeouts: Timeouts | None = None,
    workflow_poll_seconds: float = POLL_SECONDS,
    senders: tuple[str, ...] = DEMO_SENDERS,
    app_manifest: dict[str, object] | None = None,
    other: dict[str, object] | None = None,
) -> AsyncIterator[Sandbox]:
    """The three of them, running and connected over HTTP on loopback. ``port`` is the page's;
    ``other`` are settings that differ from the usual ones."""
    async with AsyncExitStack() as stack:
        chakra = EmbeddedChakra(clock=clock)
        slack = EmbeddedSlack(
            manifest=app_manifest or manifest.load(),
            clock=clock,
            hints=build_hints(commands),
            tips=build_tips(chakra),
        )
        slack.set_base_url(await stack.enter_async_context(serve(slack.app, port)))
        await slack.start()
        stack.push_async_callback(slack.aclose)
        chakra.set_base_url(await stack.enter_async_context(serve(chakra.app)))
        stack.push_async_callback(chakra.aclose)
        settings = build_settings(slack, chakra, senders=senders, socket_mode=socket_mode)
        settings = settings.model_copy(update=other or {})
        bot = await stack.enter_async_context(
            open_application(
                settings,
                check_commands(commands),
                clock,
                timeouts,
                workflow_poll_seconds=workflow_poll_seconds,
            )
        )
        url = await stack.enter_async_context(serve(bot.web))
        chakra.set_event_webhook(url + CHAKRA_EVENTS_PATH, WEBHOOK_SECRET)
        await stack.enter_async_context(bot.accepting_requests())
        if not socket_mode:
            slack.set_request_url(url + SLACK_EVENTS_PATH)
        yield Sandbox(slack, chakra, bot, url)


def build_settings(
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
        database_url=SecretStr(IN_MEMORY_DATABASE_URL),
        senders=senders,
        default_region="IN",
    )


def build_hints(commands: Sequence[Command[Context]]) -> list[Hint]:
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


def build_tips(chakra: EmbeddedChakra) -> list[Tip]:
    """The table, the jobs and the numbers with which something known happens."""
    jobs = tuple((one.id, one.about) for one in chakra.seeded_jobs)
    numbers = tuple((f"+{one.number}", one.says) for one in chakra.test_numbers)
    return [
        Tip("A table to upload", (BULK_TIP_ROW,), samples=(load_sample(),)),
        Tip("Background jobs", jobs, line="/chakra job {}", in_forms=False),
        Tip("Numbers to send to", numbers, line="/chakra send {}"),
    ]


def load_sample() -> Sample:
    """Leads of a trade fair as a spreadsheet saves them, slips included."""
    content = SAMPLE_TABLE_PATH.read_bytes()
    rows = len(content.splitlines()) - 1
    note = f"{rows} leads of a trade fair. Some rows have problems, as in real life."
    return Sample(SAMPLE_TABLE_PATH.name, content, "text/csv", note)


async def run_demo(
    commands: Sequence[Command[Context]],
    clock: Clock,
    *,
    port: int,
    socket_mode: bool,
    print_line: Callable[[str], None],
) -> None:
    """Until SIGTERM or SIGINT. Raises ``PortInUse``."""
    stop: asyncio.Event = install_stop_signals()
    try:
        async with open_sandbox(commands, clock, port=port, socket_mode=socket_mode) as made:
            await made.bot.context.workflows.launch()  # not in the three seconds of the first watch
            print_line(_banner(made.slack.base_url))
            await stop.wait()
    except OSError as taken:
        raise PortInUse(
            f"Port {port} is taken. Stop what uses it, or choose another: make demo PORT=8500"
        ) from taken


def _banner(url: str) -> str:
    return (
        f"\n  Chakra for Slack, with an embedded Slack and an embedded Chakra.\n"
        f"  Open        {url}/\n"
        f"  Then type   /chakra user john@acme.com, /chakra send or /chakra bulk\n"
        f"  Stop with   Ctrl+C\n"
    )
