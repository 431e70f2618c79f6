"""kill -9 through the whole app: a process is killed after Send is pressed, another starts on the
same database, and Send is pressed again. Nothing is sent twice, and the person is notified once."""

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
import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import visible_text
from bot.sandbox.world import CHAKRA_EVENTS_PATH
from tests.db.databases import KINDS, create_database_url
from tests.lossy_proxy import LossyProxy, start_proxy
from tests.messages.webhook_builders import SECRET
from tests.process import (
    SERVE_ARGUMENTS,
    TIMEOUT_SECONDS,
    EmbeddedServices,
    Process,
    events_url,
    start_embedded_services,
    start_python,
)

pytestmark = [pytest.mark.process, pytest.mark.killed]

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
ACCEPTED_LINE = (
    "Sending (WhatsApp has it; not delivered yet): *appointment_reminder* to +1 •••••• 0116"
)
READ_LINE = "Read: *appointment_reminder* to +1 •••••• 0116"
UNKNOWN_LINE = "We don't know whether this was sent: *appointment_reminder* to +1 •••••• 0116"

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
logs.configure("info", "json", sys.stderr, secrets=loaded.secrets())
asyncio.run(run(loaded, COMMANDS, Later()))
"""
"""``serve`` after the minute in which another replica might still be alive: its promises are left
alone for 45 seconds, and its posts for 30. Alone on a file of SQLite's nobody waits."""
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
        environ = self.stand_ins.environ(
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
            self.stand_ins.slack.set_request_url(events_url(self.url))
            chakra.set_event_webhook(self.url + CHAKRA_EVENTS_PATH, SECRET)
            yield process

    async def run_command(self, line: str) -> None:
        """Once the templates are known: with a line, nothing waits for them."""
        slack = self.stand_ins.slack
        await slack.type(JOHN, SALES, "/chakra templates appointment_reminder")
        await slack.wait_until(lambda: "Hi ‹1›" in self.last_message_text())
        await slack.type(JOHN, SALES, line)

    async def open_preview(self) -> None:
        """To the button that sends."""
        await self.run_command(LINE)
        await self.stand_ins.slack.wait_until(
            lambda: "Hi Jane, a reminder" in self.last_message_text()
        )

    async def press_send(self) -> None:
        """The ack is awaited, what becomes of it is not."""
        message = self.stand_ins.slack.messages(JOHN, SALES)[-1]
        await self.stand_ins.slack.press(JOHN, "send.confirm", message=message)

    async def open_form(self) -> None:
        """To the fields of the template in the form."""
        await self.run_command("/chakra send appointment_reminder language=en")
        await self.stand_ins.slack.wait_until(lambda: self.stand_ins.slack.view(JOHN) is not None)

    async def redeliver(self, kind: str) -> tuple[int, str]:
        """Deliver Slack's last request of that kind again; return status and body of the answer."""
        sent = next(one for one in reversed(self.stand_ins.slack.exchanges) if one.kind == kind)
        body = urlencode({"payload": json.dumps(sent.request)}).encode()
        headers = self.stand_ins.slack.sign_request(body)
        url = events_url(self.url)
        async with aiohttp.ClientSession() as session:
            answer = await session.post(url, data=body, headers=headers)
            return answer.status, await answer.text()

    def last_message_text(self) -> str:
        """The line where he typed."""
        shown = self.stand_ins.slack.messages(JOHN, SALES)
        return visible_text(shown[-1]) if shown else ""

    def report_texts(self) -> list[str]:
        return [visible_text(one) for one in self.stand_ins.slack.messages(JOHN, DIRECT)]

    @property
    def sent_count(self) -> int:
        """How many messages Chakra holds."""
        return len(self.stand_ins.chakra.sends)

    def send_states(self) -> list[str]:
        """Return the status of every send."""
        return self.column("SELECT status FROM sends")

    def column(self, query: str) -> list[str]:
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

        def there() -> bool:
            shown = what()
            return len(shown) == len(starts) and all(map(str.__contains__, shown, starts))

        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self.stand_ins.slack.wait_until(there)
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
        start_embedded_services() as made,
        start_proxy(made.chakra.base_url) as line,
    ):
        yield SendScenario(made, line, kind, create_database_url(kind, folder), folder)
        assert made.slack.rejections == []


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


# --- the moments ---------------------------------------------------------------------------------


async def before_the_claim(story: SendScenario, bot: Process) -> None:
    async with story.lock_database():
        await story.press_send()
        await kill_bot(bot)


async def before_chakra_received_it(story: SendScenario, bot: Process) -> None:
    story.proxy.drop("requests")
    await story.press_send()
    await story.proxy.dropped.wait()
    await kill_bot(bot)


async def while_chakra_hangs(story: SendScenario, bot: Process) -> None:
    story.stand_ins.chakra.fail(SEND, Hang())
    await story.press_send()
    await story.stand_ins.chakra.wait_for_requests(1, SEND)
    await kill_bot(bot)


async def after_chakra_accepted(story: SendScenario, bot: Process) -> None:
    story.proxy.drop("answers")
    await story.press_send()
    await story.proxy.dropped.wait()
    assert story.sent_count == 1
    await kill_bot(bot)


async def after_the_response_before_recording(story: SendScenario, bot: Process) -> None:
    story.stand_ins.chakra.fail(SEND, Hang())
    await story.press_send()
    await story.stand_ins.chakra.wait_for_requests(1, SEND)
    async with story.lock_database():
        story.stand_ins.chakra.release_hanging()
        await story.wait_for_metric(f'endpoint="{SEND}",status="200"}} 1.0')
        await kill_bot(bot)


async def after_slack_posted_the_report(story: SendScenario, bot: Process) -> None:
    """The bot never learns that it was posted."""
    slack = story.stand_ins.slack
    slack.fail("chat.postMessage", reset="after")
    await story.press_send()
    await slack.wait_until(lambda: bool(story.report_texts()))
    await kill_bot(bot)


async def before_slack_posted_the_report(story: SendScenario, bot: Process) -> None:
    slack = story.stand_ins.slack
    slack.fail("chat.postMessage", reset="before")
    await story.press_send()
    await slack.wait_until(lambda: any(call.method == "chat.postMessage" for call in slack.calls))
    await kill_bot(bot)
    assert story.report_texts() == []


SENT_COUNT_BY_KILL_POINT: dict[KillPoint, int] = {
    before_chakra_received_it: 0,
    while_chakra_hangs: 0,
    after_chakra_accepted: 1,
    after_the_response_before_recording: 1,
}
"""How many messages Chakra then holds."""


def kill_point_id(parameter: KillPoint | str) -> str:
    return parameter if isinstance(parameter, str) else parameter.__name__


# --- what they see -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        *((moment, "sqlite") for moment in SENT_COUNT_BY_KILL_POINT),
        (after_chakra_accepted, "postgres"),
        (after_the_response_before_recording, "postgres"),
    ],
    ids=kill_point_id,
)
async def test_kill_before_the_response_leaves_unknown_and_never_resends(
    moment: KillPoint, kind: str, tmp_path: Path
) -> None:
    async with open_scenario(kind, tmp_path) as told:
        await run_until_kill(told, moment)
        assert told.sent_count == SENT_COUNT_BY_KILL_POINT[moment]
        async with told.start_bot(*NEXT_PROCESS[kind]) as bot:
            await told.wait_for_messages(told.report_texts, [UNKNOWN_LINE])
            assert "may have been sent; it won't be resent automatically" in told.report_texts()[0]
            await told.press_send()
            await told.wait_for_messages(lambda: [told.last_message_text()], [UNKNOWN_LINE])
            assert "archives/D0JOHN/p" in told.last_message_text()
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert told.sent_count == SENT_COUNT_BY_KILL_POINT[moment]
        assert told.stand_ins.chakra.count(SEND) <= 1
        assert len(told.report_texts()) == 1
        assert told.send_states() == ["unknown"]


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        (after_slack_posted_the_report, "sqlite"),
        (after_slack_posted_the_report, "postgres"),
        (before_slack_posted_the_report, "sqlite"),
    ],
    ids=kill_point_id,
)
async def test_kill_during_the_report_leaves_one_report(
    moment: KillPoint, kind: str, tmp_path: Path
) -> None:
    """That it is edited to its end shows that the next process knows of it."""
    async with open_scenario(kind, tmp_path) as told:
        await run_until_kill(told, moment)
        async with told.start_bot("-c", SERVE_A_MINUTE_LATER) as bot:
            [sent] = told.stand_ins.chakra.sends
            told.stand_ins.chakra.push_status(sent, "READ")
            await told.wait_for_messages(told.report_texts, [READ_LINE])
            await told.press_send()
            await told.wait_for_messages(lambda: [told.last_message_text()], [READ_LINE])
            assert "archives/D0JOHN/p" in told.last_message_text()
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert told.sent_count == told.stand_ins.chakra.count(SEND) == 1
        assert len(told.report_texts()) == 1
        assert told.send_states() == ["read"]


@pytest.mark.smoke
@pytest.mark.parametrize("kind", KINDS)
async def test_kill_before_the_claim_allows_another_press(kind: str, tmp_path: Path) -> None:
    """Nothing can have gone out; the button is still there, and does what it says."""
    async with open_scenario(kind, tmp_path) as told:
        await run_until_kill(told, before_the_claim)
        assert (told.send_states(), told.stand_ins.chakra.count(SEND)) == ([], 0)
        assert "Hi Jane, a reminder" in told.last_message_text()
        async with told.start_bot(*NEXT_PROCESS[kind]) as bot:
            await told.press_send()
            await told.wait_for_messages(lambda: [told.last_message_text()], [ACCEPTED_LINE])
            await told.wait_for_messages(told.report_texts, [ACCEPTED_LINE])
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert (told.send_states(), told.sent_count) == (["accepted"], 1)


async def test_form_open_during_a_kill_is_sent_by_the_next_process(
    tmp_path: Path,
) -> None:
    """Which has not seen any template yet."""
    async with open_scenario("sqlite", tmp_path) as told:
        async with told.start_bot(*SERVE_ARGUMENTS) as bot:
            await told.open_form()
            await kill_bot(bot)
        async with told.start_bot(*SERVE_ARGUMENTS):
            assert (await told.stand_ins.slack.submit(JOHN, FORM_VALUES)).errors == {}
            await told.wait_for_messages(told.report_texts, [ACCEPTED_LINE])
        assert (told.send_states(), told.sent_count) == (["accepted"], 1)


async def test_redelivered_form_is_not_resent_by_the_next_process(
    tmp_path: Path,
) -> None:
    async with open_scenario("sqlite", tmp_path) as told:
        slack = told.stand_ins.slack
        async with told.start_bot(*SERVE_ARGUMENTS) as bot:
            await told.open_form()
            told.proxy.drop("answers")
            await slack.submit(JOHN, FORM_VALUES)
            await told.proxy.dropped.wait()
            await kill_bot(bot)
        told.proxy.drop(None)
        async with told.start_bot(*SERVE_ARGUMENTS) as bot:
            await told.wait_for_messages(told.report_texts, [UNKNOWN_LINE])
            assert (await told.redeliver("view_submission"))[0] == 200
            await told.wait_for_messages(lambda: [told.last_message_text()], [UNKNOWN_LINE])
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert (told.send_states(), told.sent_count, len(told.report_texts())) == (
            ["unknown"],
            1,
            1,
        )
