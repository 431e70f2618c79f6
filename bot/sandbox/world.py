"""The sandbox: the real app between an embedded Slack and an embedded Chakra."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from bot import manifest
from bot.aio.clock import Clock
from bot.application import Application, open_application
from bot.context import Context
from bot.durable.engine import POLL_SECONDS
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.checked_commands import check_commands
from bot.sandbox.phones_api import PhonesApi
from bot.sandbox.skipping_clock import SkippingClock
from bot.sandbox.slack import EmbeddedSlack, Sample, Tip, WorkspaceMember
from bot.sandbox.slack.seed import USERGROUPS
from bot.settings.settings import Settings
from bot.slack.commands.command import Command
from bot.slack.commands.dispatcher import Timeouts
from bot.web.server import serve

DEMO_SENDERS = ("U0JOHN", "S0SALES")
SLACK_EVENTS_PATH = "/slack/events"
CHAKRA_EVENTS_PATH = "/chakra/events"
WEBHOOK_SECRET = "the embedded Chakra signs with this"
IN_MEMORY_DATABASE_URL = "sqlite:///:memory:"
"""Lost with the process, like the data of the embedded Slack and Chakra."""
SAMPLE_TABLE_PATH = Path(__file__).with_name("samples") / "leads.csv"
BULK_TIP_ROW = ("/chakra bulk create lead", "Opens the form that takes the table below.")
NOTIFY_TIP_ROW = (
    "/chakra notify add message mode:reply",
    "Then open WhatsApp above, and write as a customer: a thread appears here.",
)
LINK_TIP_ROW = (
    "https://app.chakrahq.com/lead/LEAD-004038",
    "Gets a preview that names the record; open it for a pane of your own.",
)
LIST_TIP_ROWS = (
    ("/chakra leads newest first", "A table of all leads, which you can turn, sort and share."),
    ('/chakra process save "hot leads" state:NEW score>50', "Saves the query by its name."),
    (
        '/chakra process schedule "hot leads" every day 9:00',
        "Its result is posted here every morning, masked.",
    ),
)
RECORD_TIP_ROWS = (
    ("/chakra task LEAD-004038 call back tomorrow 10am", "Opens the form of a task, filled in."),
    ("/chakra lead Zoya Khan +91 98111 22333 city:Pune", "Opens the form of a new lead."),
)
SETTLE_LOOP_CYCLES = 30
"""Cycles of the loop that a task takes from its start to its first call over loopback."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The two stand-ins and the app between them, for a demo or a test."""

    slack: EmbeddedSlack
    chakra: EmbeddedChakra
    bot: Application
    bot_url: str
    phones: PhonesApi

    async def settle(self) -> None:
        """Wait until only the clock, or a hung call to Chakra, can make something happen."""
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
    declined_scopes: Collection[str] = (),
    chakra_access_token: str = "",
    ping_seconds: float | None = None,
    other: dict[str, object] | None = None,
) -> AsyncIterator[Sandbox]:
    """Start the stand-ins and the app, connected over HTTP on loopback.

    ``port`` is the page's; ``declined_scopes`` are optional scopes that the installer refuses;
    ``other`` are settings that replace the default ones. Without
    ``chakra_access_token`` the token is a random one.
    """
    async with AsyncExitStack() as stack:
        chakra = EmbeddedChakra(clock, chakra_access_token)
        phones = PhonesApi(chakra, clock, clock.skip if isinstance(clock, SkippingClock) else None)
        stack.callback(phones.close)
        slack = EmbeddedSlack(
            manifest=app_manifest or manifest.load(),
            clock=clock,
            tips=build_tips(chakra),
            declined_scopes=declined_scopes,
            may_send=partial(may_send, senders=senders),
            build_phones=phones.build_routes,
        )
        phones.announce = partial(slack.workspace.feed.publish, None, "phones", None)
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
                check_commands(commands).registry,
                clock,
                timeouts,
                workflow_poll_seconds=workflow_poll_seconds,
            )
        )
        url = await stack.enter_async_context(serve(bot.web))
        chakra.set_event_webhook(url + CHAKRA_EVENTS_PATH, WEBHOOK_SECRET)
        chakra.set_passthrough_webhook(url + CHAKRA_EVENTS_PATH, WEBHOOK_SECRET)
        await stack.enter_async_context(bot.accepting_requests(ping_seconds))
        if not socket_mode:
            await slack.save_request_url(url + SLACK_EVENTS_PATH)
        yield Sandbox(slack, chakra, bot, url, phones)


def build_settings(
    slack: EmbeddedSlack, chakra: EmbeddedChakra, *, senders: tuple[str, ...], socket_mode: bool
) -> Settings:
    """Return the settings that connect the app to both stand-ins."""
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


def may_send(member: WorkspaceMember, senders: Sequence[str]) -> bool:
    """Return whether the app lets this person send: owners, admins, and people in ``SENDERS``."""
    named = {person for sender in senders for person in USERGROUPS.get(sender, (sender,))}
    return member.kind in ("owner", "admin") or member.id in named


def build_tips(chakra: EmbeddedChakra) -> list[Tip]:
    """Return the sample table, and the jobs and numbers whose outcome is known in advance."""
    jobs = tuple((job.id, job.about) for job in chakra.seeded_jobs)
    numbers = tuple((f"+{number.number}", number.says) for number in chakra.test_numbers)
    return [
        Tip("Customers on WhatsApp", (NOTIFY_TIP_ROW,), in_forms=False),
        Tip("Links to records", (LINK_TIP_ROW,), in_forms=False),
        Tip("Lists of leads", LIST_TIP_ROWS, in_forms=False),
        Tip("Leads and their tasks", RECORD_TIP_ROWS, in_forms=False),
        Tip("A table to upload", (BULK_TIP_ROW,), samples=(load_sample(),)),
        Tip("Background jobs", jobs, line="/chakra job {}", in_forms=False),
        Tip("Numbers to send to", numbers, line="/chakra send {}"),
    ]


def load_sample() -> Sample:
    """Return leads of a trade fair as a spreadsheet saves them, mistakes included."""
    content = SAMPLE_TABLE_PATH.read_bytes()
    rows = len(content.splitlines()) - 1
    note = f"{rows} leads of a trade fair. Some rows have problems, as in real life."
    return Sample(SAMPLE_TABLE_PATH.name, content, "text/csv", note)
