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
from tests.db.databases import KINDS, address
from tests.messages.webhooks import SECRET
from tests.process import PATIENCE, SERVE, Process, StandIns, events_of, python, stand_ins
from tests.relay import Line, relayed

pytestmark = [pytest.mark.process, pytest.mark.killed]

JOHN, SALES, DIRECT = "U0JOHN", "C0SALES", "D0JOHN"
SEND = "/v1/ext/plugin/whatsapp/{pluginId}/phoneNumber/{phoneNumber}/send-template-message"
QUIET = "+12025550116"
"""No events follow for this number, so none changes what the tests look at."""
LINE = f'/chakra send appointment_reminder {QUIET} 1=Jane 2="May 3" 3=10:00 language=en'
FILLED = {"phone": QUIET, "var_body_1": "Jane", "var_body_2": "May 3", "var_body_3": "10:00"}
ACCEPTED = "Sending (WhatsApp has it; not delivered yet): *appointment_reminder* to +1 •••••• 0116"
READ = "Read: *appointment_reminder* to +1 •••••• 0116"
UNKNOWN = "We don't know whether this was sent: *appointment_reminder* to +1 •••••• 0116"

A_MINUTE_LATER = """
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
NEXT = {"sqlite": SERVE, "postgres": ("-c", A_MINUTE_LATER)}


@dataclass
class Story:
    """John, what he presses, and the bots that come and go between him and Chakra."""

    stand_ins: StandIns
    line: Line
    kind: str
    database: str
    folder: Path
    url: str = ""

    @asynccontextmanager
    async def bot(self, *arguments: str) -> AsyncIterator[Process]:
        chakra = self.stand_ins.chakra
        environ = self.stand_ins.environ(
            CHAKRA_API_URL=self.line.url,
            CHAKRA_PLUGIN_ID=chakra.plugin_id,
            CHAKRA_WABA_ID=chakra.waba_id,
            CHAKRA_WHATSAPP_PHONE_NUMBER_ID=chakra.sender_ids[0],
            CHAKRA_WEBHOOK_SECRET=SECRET,
            DATABASE_URL=self.database,
            SENDERS=JOHN,
        )
        async with python(*arguments, environ=environ, folder=self.folder) as process:
            self.url = await process.ready()
            self.stand_ins.slack.set_request_url(events_of(self.url))
            chakra.set_event_webhook(self.url + CHAKRA_EVENTS_PATH, SECRET)
            yield process

    async def typed(self, line: str) -> None:
        """Once the templates are known: with a line, nothing waits for them."""
        slack = self.stand_ins.slack
        await slack.type(JOHN, SALES, "/chakra templates appointment_reminder")
        await slack.wait_until(lambda: "Hi ‹1›" in self.shown())
        await slack.type(JOHN, SALES, line)

    async def previewed(self) -> None:
        """To the button that sends."""
        await self.typed(LINE)
        await self.stand_ins.slack.wait_until(lambda: "Hi Jane, a reminder" in self.shown())

    async def pressed(self) -> None:
        """The ack is awaited, what becomes of it is not."""
        message = self.stand_ins.slack.messages(JOHN, SALES)[-1]
        await self.stand_ins.slack.press(JOHN, "send.confirm", message=message)

    async def form(self) -> None:
        """To the fields of the template in the form."""
        await self.typed("/chakra send appointment_reminder language=en")
        await self.stand_ins.slack.wait_until(lambda: self.stand_ins.slack.view(JOHN) is not None)

    async def delivered_again(self, kind: str) -> int:
        """Deliver Slack's last request of that kind again; return the status of the answer."""
        return (await self.redeliver(kind))[0]

    async def redeliver(self, kind: str) -> tuple[int, str]:
        """Deliver Slack's last request of that kind again; return status and body of the answer."""
        sent = next(one for one in reversed(self.stand_ins.slack.exchanges) if one.kind == kind)
        body = urlencode({"payload": json.dumps(sent.request)}).encode()
        headers = self.stand_ins.slack.sign_request(body)
        url = events_of(self.url)
        async with aiohttp.ClientSession() as session:
            answer = await session.post(url, data=body, headers=headers)
            return answer.status, await answer.text()

    def shown(self) -> str:
        """The line where he typed."""
        shown = self.stand_ins.slack.messages(JOHN, SALES)
        return visible_text(shown[-1]) if shown else ""

    def reports(self) -> list[str]:
        return [visible_text(one) for one in self.stand_ins.slack.messages(JOHN, DIRECT)]

    @property
    def out(self) -> int:
        """How many messages Chakra holds."""
        return len(self.stand_ins.chakra.sends)

    def states(self) -> list[str]:
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
    async def nothing_can_be_written(self) -> AsyncIterator[None]:
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

    async def sees(self, what: Callable[[], list[str]], starts: list[str]) -> None:
        """Until these are the messages there, by their first words."""

        def there() -> bool:
            shown = what()
            return len(shown) == len(starts) and all(map(str.__contains__, shown, starts))

        try:
            async with asyncio.timeout(PATIENCE):
                await self.stand_ins.slack.wait_until(there)
        except TimeoutError:
            raise AssertionError(what()) from None

    async def measured(self, figure: str) -> None:
        """Until the bot's own figures hold that line."""
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{self.url}/metrics") as answer:
                    if figure in await answer.text():
                        return
                await asyncio.sleep(0.01)


@asynccontextmanager
async def story(kind: str, folder: Path) -> AsyncIterator[Story]:
    async with (
        stand_ins() as made,
        relayed(made.chakra.base_url) as line,
    ):
        yield Story(made, line, kind, address(kind, folder), folder)
        assert made.slack.rejections == []


Moment = Callable[[Story, Process], Awaitable[None]]
"""From the press to the kill."""


async def kill(bot: Process) -> None:
    assert await bot.ended(signal.SIGKILL) == -signal.SIGKILL


async def killed(story: Story, moment: Moment) -> None:
    """A life of the bot, from its start over the press to its end at that moment."""
    async with story.bot(*SERVE) as bot:
        await story.previewed()
        await moment(story, bot)
    story.line.lose(None)
    story.stand_ins.chakra.clear_faults()
    await story.stand_ins.slack.settle()


# --- the moments ---------------------------------------------------------------------------------


async def before_it_was_claimed(story: Story, bot: Process) -> None:
    async with story.nothing_can_be_written():
        await story.pressed()
        await kill(bot)


async def before_chakra_was_asked(story: Story, bot: Process) -> None:
    story.line.lose("requests")
    await story.pressed()
    await story.line.lost.wait()
    await kill(bot)


async def while_chakra_hangs(story: Story, bot: Process) -> None:
    story.stand_ins.chakra.fail(SEND, Hang())
    await story.pressed()
    await story.stand_ins.chakra.wait_for_requests(1, SEND)
    await kill(bot)


async def after_chakra_took_it(story: Story, bot: Process) -> None:
    story.line.lose("answers")
    await story.pressed()
    await story.line.lost.wait()
    assert story.out == 1
    await kill(bot)


async def after_the_answer_and_before_the_row(story: Story, bot: Process) -> None:
    story.stand_ins.chakra.fail(SEND, Hang())
    await story.pressed()
    await story.stand_ins.chakra.wait_for_requests(1, SEND)
    async with story.nothing_can_be_written():
        story.stand_ins.chakra.release_hanging()
        await story.measured(f'endpoint="{SEND}",status="200"}} 1.0')
        await kill(bot)


async def after_slack_took_the_report(story: Story, bot: Process) -> None:
    """The bot never learns that it was posted."""
    slack = story.stand_ins.slack
    slack.fail("chat.postMessage", reset="after")
    await story.pressed()
    await slack.wait_until(lambda: bool(story.reports()))
    await kill(bot)


async def before_slack_took_the_report(story: Story, bot: Process) -> None:
    slack = story.stand_ins.slack
    slack.fail("chat.postMessage", reset="before")
    await story.pressed()
    await slack.wait_until(lambda: any(call.method == "chat.postMessage" for call in slack.calls))
    await kill(bot)
    assert story.reports() == []


UNKNOWN_WITH: dict[Moment, int] = {
    before_chakra_was_asked: 0,
    while_chakra_hangs: 0,
    after_chakra_took_it: 1,
    after_the_answer_and_before_the_row: 1,
}
"""How many messages Chakra then holds."""


def named(parameter: Moment | str) -> str:
    return parameter if isinstance(parameter, str) else parameter.__name__


# --- what they see -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        *((moment, "sqlite") for moment in UNKNOWN_WITH),
        (after_chakra_took_it, "postgres"),
        (after_the_answer_and_before_the_row, "postgres"),
    ],
    ids=named,
)
async def test_killed_before_the_answer_it_is_unknown_and_does_not_go_out_again(
    moment: Moment, kind: str, tmp_path: Path
) -> None:
    async with story(kind, tmp_path) as told:
        await killed(told, moment)
        assert told.out == UNKNOWN_WITH[moment]
        async with told.bot(*NEXT[kind]) as bot:
            await told.sees(told.reports, [UNKNOWN])
            assert "may have been sent; it won't be resent automatically" in told.reports()[0]
            await told.pressed()
            await told.sees(lambda: [told.shown()], [UNKNOWN])
            assert "archives/D0JOHN/p" in told.shown()
            assert await bot.ended(signal.SIGTERM) == 0
        assert told.out == UNKNOWN_WITH[moment]
        assert told.stand_ins.chakra.count(SEND) <= 1
        assert len(told.reports()) == 1
        assert told.states() == ["unknown"]


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        (after_slack_took_the_report, "sqlite"),
        (after_slack_took_the_report, "postgres"),
        (before_slack_took_the_report, "sqlite"),
    ],
    ids=named,
)
async def test_killed_while_the_report_is_posted_there_is_one(
    moment: Moment, kind: str, tmp_path: Path
) -> None:
    """That it is edited to its end shows that the next process knows of it."""
    async with story(kind, tmp_path) as told:
        await killed(told, moment)
        async with told.bot("-c", A_MINUTE_LATER) as bot:
            [sent] = told.stand_ins.chakra.sends
            told.stand_ins.chakra.push_status(sent, "READ")
            await told.sees(told.reports, [READ])
            await told.pressed()
            await told.sees(lambda: [told.shown()], [READ])
            assert "archives/D0JOHN/p" in told.shown()
            assert await bot.ended(signal.SIGTERM) == 0
        assert told.out == told.stand_ins.chakra.count(SEND) == 1
        assert len(told.reports()) == 1
        assert told.states() == ["read"]


@pytest.mark.smoke
@pytest.mark.parametrize("kind", KINDS)
async def test_killed_before_it_was_claimed_the_press_may_be_repeated(
    kind: str, tmp_path: Path
) -> None:
    """Nothing can have gone out; the button is still there, and does what it says."""
    async with story(kind, tmp_path) as told:
        await killed(told, before_it_was_claimed)
        assert (told.states(), told.stand_ins.chakra.count(SEND)) == ([], 0)
        assert "Hi Jane, a reminder" in told.shown()
        async with told.bot(*NEXT[kind]) as bot:
            await told.pressed()
            await told.sees(lambda: [told.shown()], [ACCEPTED])
            await told.sees(told.reports, [ACCEPTED])
            assert await bot.ended(signal.SIGTERM) == 0
        assert (told.states(), told.out) == (["accepted"], 1)


async def test_a_form_that_was_open_when_it_was_killed_is_sent_by_the_next_process(
    tmp_path: Path,
) -> None:
    """Which has not seen any template yet."""
    async with story("sqlite", tmp_path) as told:
        async with told.bot(*SERVE) as bot:
            await told.form()
            await kill(bot)
        async with told.bot(*SERVE):
            assert (await told.stand_ins.slack.submit(JOHN, FILLED)).errors == {}
            await told.sees(told.reports, [ACCEPTED])
        assert (told.states(), told.out) == (["accepted"], 1)


async def test_a_form_that_slack_delivers_again_to_the_next_process_is_not_sent_again(
    tmp_path: Path,
) -> None:
    async with story("sqlite", tmp_path) as told:
        slack = told.stand_ins.slack
        async with told.bot(*SERVE) as bot:
            await told.form()
            told.line.lose("answers")
            await slack.submit(JOHN, FILLED)
            await told.line.lost.wait()
            await kill(bot)
        told.line.lose(None)
        async with told.bot(*SERVE) as bot:
            await told.sees(told.reports, [UNKNOWN])
            assert await told.delivered_again("view_submission") == 200
            await told.sees(lambda: [told.shown()], [UNKNOWN])
            assert await bot.ended(signal.SIGTERM) == 0
        assert (told.states(), told.out, len(told.reports())) == (["unknown"], 1, 1)
