"""What a kill test needs: the bot as a real process between the stand-ins, killed at a moment and
started again on the same database."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import psycopg

from bot.sandbox.slack import collect_text
from bot.sandbox.world import CHAKRA_EVENTS_PATH
from tests.db.databases import create_database_url
from tests.lossy_proxy import LossyProxy, start_proxy
from tests.messages.webhook_builders import SECRET
from tests.process import (
    SERVE_ARGUMENTS,
    TIMEOUT_SECONDS,
    EmbeddedServices,
    Process,
    build_events_url,
    start_embedded_services,
    start_python,
)

JOHN, SALES, DIRECT = "U0JOHN", "C0SALES", "D0JOHN"
SEND = "/v1/ext/plugin/whatsapp/{pluginId}/phoneNumber/{phoneNumber}/send-template-message"
NUMBER_WITHOUT_EVENTS = "+12025550116"
"""No events follow for this number, so none changes what the tests look at."""
LINE = (
    f"/chakra send appointment_reminder {NUMBER_WITHOUT_EVENTS} "
    '1=Jane 2="May 3" 3=10:00 language=en'
)
FORM_VALUES = {
    "phone": NUMBER_WITHOUT_EVENTS,
    "var_body_1": "Jane",
    "var_body_2": "May 3",
    "var_body_3": "10:00",
}
ACCEPTED_LINE = "*Sending* to +1 202-555-0116 (WhatsApp has it; not delivered yet)"
DELIVERED_LINE = "*Delivered* to +1 202-555-0116"
FAILED_LINE = "*Not delivered* to +1 202-555-0116"
READ_LINE = "*Read* by +1 202-555-0116"
UNKNOWN_LINE = "*We don't know whether this was sent* to +1 202-555-0116"

SERVE_A_MINUTE_LATER = """
import asyncio, sys, time
from bot import logs
from bot.settings import settings
from bot.aio.clock import SystemClock
from bot.cli.serve import run
from commands import COMMANDS

class Later(SystemClock):
    def time(self):
        return time.time() + 60

loaded = settings.load()
logs.configure("info", "json", sys.stderr, secrets=loaded.list_secrets())
asyncio.run(run(loaded, COMMANDS, Later()))
"""
"""``serve`` after the minute in which another replica might still be alive: its workflows are left
alone for 45 seconds, and its posts for 30. A lone process on SQLite does not wait."""
NEXT_PROCESS = {"sqlite": SERVE_ARGUMENTS, "postgres": ("-c", SERVE_A_MINUTE_LATER)}


@dataclass
class SendScenario:
    """John, what he presses, and the bots that come and go between him and Chakra."""

    stand_ins: EmbeddedServices
    proxy: LossyProxy
    kind: str
    database: str
    folder: Path
    url: str = ""

    @asynccontextmanager
    async def start_bot(self, *arguments: str) -> AsyncIterator[Process]:
        chakra = self.stand_ins.chakra
        environ = self.stand_ins.build_environ(
            CHAKRA_API_URL=self.proxy.url,
            CHAKRA_PLUGIN_ID=chakra.plugin_id,
            CHAKRA_WABA_ID=chakra.waba_id,
            CHAKRA_WHATSAPP_PHONE_NUMBER_ID=chakra.sender_ids[0],
            CHAKRA_WEBHOOK_SECRET=SECRET,
            DATABASE_URL=self.database,
            SENDERS=JOHN,
        )
        async with start_python(*arguments, environ=environ, folder=self.folder) as process:
            self.url = await process.wait_until_ready()
            self.stand_ins.slack.set_request_url(build_events_url(self.url))
            chakra.set_event_webhook(self.url + CHAKRA_EVENTS_PATH, SECRET)
            yield process

    async def run_command(self, line: str) -> None:
        """Once the templates are known: with a line, nothing waits for them."""
        slack = self.stand_ins.slack
        await slack.type(JOHN, SALES, "/chakra templates appointment_reminder")
        await slack.wait_until(lambda: "Hi ‹1›" in self.read_last_message_text())
        await slack.type(JOHN, SALES, line)

    async def open_preview(self) -> None:
        """To the button that sends."""
        await self.run_command(LINE)
        await self.wait_for_check()

    async def wait_for_check(self) -> None:
        """Until the button that sends is there."""
        await self.stand_ins.slack.wait_until(
            lambda: "Send to" in collect_text(self.stand_ins.slack.find_view(JOHN) or {})
        )

    async def press_send(self) -> None:
        """The ack is awaited, what becomes of it is not."""
        await self.stand_ins.slack.submit(JOHN, {})

    async def open_form(self) -> None:
        """To the fields of the template in the form."""
        await self.run_command("/chakra send appointment_reminder language=en")
        await self.stand_ins.slack.wait_until(
            lambda: self.stand_ins.slack.find_view(JOHN) is not None
        )

    async def redeliver(self, kind: str) -> tuple[int, str]:
        """Deliver Slack's last request of that kind again; return status and body of the answer."""
        sent = next(
            exchange
            for exchange in reversed(self.stand_ins.slack.exchanges)
            if exchange.kind == kind
        )
        body = urlencode({"payload": json.dumps(sent.request)}).encode()
        headers = self.stand_ins.slack.sign_request(body)
        url = build_events_url(self.url)
        async with aiohttp.ClientSession() as session:
            answer = await session.post(url, data=body, headers=headers)
            return answer.status, await answer.text()

    def read_last_message_text(self) -> str:
        """The line where he typed."""
        messages = self.stand_ins.slack.list_messages(JOHN, SALES)
        return collect_text(messages[-1]) if messages else ""

    def list_report_texts(self) -> list[str]:
        return [
            collect_text(message) for message in self.stand_ins.slack.list_messages(JOHN, DIRECT)
        ]

    @property
    def sent_count(self) -> int:
        """How many messages Chakra holds."""
        return len(self.stand_ins.chakra.sends)

    def send_states(self) -> list[str]:
        """Return the status of every send."""
        return self.read_column("SELECT status FROM sends")

    async def wait_for_recorded_report(self) -> None:
        """Until the bot has stored where its report is, and can link to it."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                if self.read_column("SELECT message_ts FROM posts WHERE message_ts <> ''"):
                    return
                await asyncio.sleep(0.01)

    def read_column(self, query: str) -> list[str]:
        """Return the only column of every row."""
        if self.kind == "sqlite":
            file = sqlite3.connect(self.folder / "bot.db")
            try:
                return [value for (value,) in file.execute(query)]
            finally:
                file.close()
        with psycopg.connect(self.database) as connection:
            return [value for (value,) in connection.execute(query.encode())]

    @asynccontextmanager
    async def lock_database(self) -> AsyncIterator[None]:
        """Lock the database while the block runs."""
        if self.kind == "sqlite":
            file = sqlite3.connect(self.folder / "bot.db", isolation_level=None)
            try:
                file.execute("BEGIN IMMEDIATE")
                yield
            finally:
                file.close()
            return
        with psycopg.connect(self.database) as connection:
            connection.execute("LOCK TABLE sends IN ACCESS EXCLUSIVE MODE")
            yield

    async def wait_for_messages(self, what: Callable[[], list[str]], starts: list[str]) -> None:
        """Until these are the messages there, by their first words."""

        def are_there() -> bool:
            value = what()
            return len(value) == len(starts) and all(map(str.__contains__, value, starts))

        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self.stand_ins.slack.wait_until(are_there)
        except TimeoutError:
            raise AssertionError(what()) from None

    async def wait_for_metric(self, figure: str) -> None:
        """Until the bot's own figures hold that line."""
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{self.url}/metrics") as answer:
                    if figure in await answer.text():
                        return
                await asyncio.sleep(0.01)


@asynccontextmanager
async def open_scenario(kind: str, folder: Path) -> AsyncIterator[SendScenario]:
    async with (
        start_embedded_services() as services,
        start_proxy(services.chakra.base_url) as line,
    ):
        yield SendScenario(services, line, kind, create_database_url(kind, folder), folder)
        assert services.slack.rejections == []


KillPoint = Callable[[SendScenario, Process], Awaitable[None]]
"""From the press to the kill."""


async def kill_bot(bot: Process) -> None:
    assert await bot.wait_for_exit(signal.SIGKILL) == -signal.SIGKILL


async def run_until_kill(story: SendScenario, moment: KillPoint) -> None:
    """A life of the bot, from its start over the press to its end at that moment."""
    async with story.start_bot(*SERVE_ARGUMENTS) as bot:
        await story.open_preview()
        await moment(story, bot)
    story.proxy.drop(None)
    story.stand_ins.chakra.clear_faults()
    await story.stand_ins.slack.settle()
