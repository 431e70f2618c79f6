"""kill -9 between a piece of a table and Chakra's answer: it is told of, and never sent again; the
rest can be gone on with."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import LocalFile, visible_text
from tests.db.databases import address
from tests.process import PATIENCE, SERVE, Process, StandIns, events_of, python, stand_ins
from tests.relay import Line, relayed

pytestmark = [pytest.mark.process, pytest.mark.killed]

JOHN, SALES, JOHNS = "U0JOHN", "C0SALES", "D0JOHN"
CREATE = "POST /v1/ext/procedure/{procedureShortId}/process/bulk-create"
ROWS = 2_500
"""Three pieces of a thousand at the most."""
TABLE = "Lead Id,First Name\n" + "".join(f"EXPO-{n},Asha{n}\n" for n in range(1, ROWS + 1))


@dataclass
class Story:
    stand_ins: StandIns
    line: Line
    folder: Path

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[Process]:
        environ = self.stand_ins.environ(
            CHAKRA_API_URL=self.line.url,
            DATABASE_URL=address("sqlite", self.folder),
            SENDERS=JOHN,
        )
        async with python(*SERVE, environ=environ, folder=self.folder) as process:
            self.stand_ins.slack.set_request_url(events_of(await process.ready()))
            yield process

    async def looked_at(self) -> None:
        """To the button that sends."""
        slack = self.stand_ins.slack
        await slack.type(JOHN, SALES, "/chakra bulk create lead")
        await self.until(lambda: "Nothing is sent yet" in self.form())
        file = LocalFile("leads.csv", "text/csv", TABLE.encode())
        await slack.submit(JOHN, {"file": file})
        await self.until(lambda: "Send 2,500 rows" in self.form())

    def form(self) -> str:
        view = self.stand_ins.slack.view(JOHN)
        return visible_text(view) if view else ""

    def told(self) -> list[str]:
        """In the messages with the app."""
        said = [visible_text(one) for one in self.stand_ins.slack.messages(JOHN, JOHNS)]
        return [one for one in said if "stopped" in one]

    def watched(self) -> str:
        return "".join(map(visible_text, self.stand_ins.slack.messages(JOHN, SALES)))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.stand_ins.slack.wait_until(condition)

    @property
    def jobs(self) -> int:
        """Of those that Chakra made of pieces: what it took."""
        return sum(len(job.entries) in (500, 1_000) for job in self.stand_ins.chakra.jobs)


Moment = Callable[[Story], Awaitable[int]]
"""From the press to the kill. How many of the pieces Chakra has then."""


async def while_chakra_hangs(story: Story) -> int:
    story.stand_ins.chakra.fail(CREATE, Hang())
    await story.stand_ins.slack.submit(JOHN)
    await story.stand_ins.chakra.wait_for_requests(1, CREATE)
    return 0


async def after_chakra_took_it(story: Story) -> int:
    story.line.lose("answers")
    await story.stand_ins.slack.submit(JOHN)
    await story.stand_ins.chakra.wait_for_requests(1, CREATE)
    await story.line.lost.wait()
    return 1


@pytest.mark.parametrize(
    "moment", [while_chakra_hangs, after_chakra_took_it], ids=lambda moment: moment.__name__
)
async def test_killed_before_the_answer_the_piece_is_unknown_and_the_rest_can_be_gone_on_with(
    moment: Moment, tmp_path: Path
) -> None:
    async with stand_ins() as made, relayed(made.chakra.base_url) as line:
        story = Story(made, line, tmp_path)
        before = story.jobs
        async with story.bot() as bot:
            await story.looked_at()
            taken = await moment(story)
            assert await bot.ended(signal.SIGKILL) == -signal.SIGKILL
        line.lose(None)
        made.chakra.clear_faults()
        async with story.bot() as bot:
            await story.until(lambda: bool(story.told()))
            [told] = story.told()
            assert "restarted before Chakra responded" in told
            assert "Rows 2 to 1,001 may have been uploaded" in told
            assert "Rows 1,002 to 2,501 haven't been uploaded yet" in told
            assert (made.chakra.count(CREATE), story.jobs - before) == (1, taken)
            await made.slack.press(JOHN, "bulk.continue")
            await made.chakra.wait_for_requests(3, CREATE)
            await story.until(lambda: "New leads from leads.csv" in story.watched())
            assert await bot.ended(signal.SIGTERM) == 0
        assert (made.chakra.count(CREATE), story.jobs - before) == (3, taken + 2)
        assert len(story.told()) == 1
        assert made.slack.rejections == []
