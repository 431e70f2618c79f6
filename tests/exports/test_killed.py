"""kill -9 while a list is read and while its file is sent: one file, with each record once."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.accelerated_clock import AcceleratedClock
from tests.db.databases import create_database_url
from tests.exports.scenarios import COMPLETE, JOHNS, LIST, AnswerThen, parse_rows
from tests.people import JOHN, SALES
from tests.process import (
    EmbeddedServices,
    Process,
    build_events_url,
    start_embedded_services,
    start_python,
)

pytestmark = [pytest.mark.process, pytest.mark.killed]

ACCELERATED_BOT = ("-m", "tests.accelerated_clock")
SPEED = 10.0
MANY = 350
TIMEOUT_SECONDS = 180.0


@dataclass
class ExportScenario:
    services: EmbeddedServices
    clock: AcceleratedClock
    folder: Path

    @asynccontextmanager
    async def start_bot(self) -> AsyncIterator[Process]:
        environ = self.services.build_environ(
            DATABASE_URL=create_database_url("sqlite", self.folder), SENDERS=JOHN
        )
        environ |= self.clock.to_environ()
        async with start_python(*ACCELERATED_BOT, environ=environ, folder=self.folder) as process:
            self.services.slack.set_request_url(build_events_url(await process.wait_until_ready()))
            yield process

    def list_files(self) -> list[VisibleMessage]:
        return [m for m in self.services.slack.list_messages(JOHN, JOHNS) if m.files]

    def read_text(self) -> str:
        return "\n".join(map(collect_text, self.services.slack.list_messages(JOHN, JOHNS)))

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await self.services.slack.wait_until(condition)


Arrange = Callable[[ExportScenario], None]
Wait = Callable[[ExportScenario], Awaitable[None]]


def hang_on_third_page(scenario: ExportScenario) -> None:
    for _ in range(2):
        scenario.services.chakra.fail(LIST, AnswerThen(lambda: None), times=1)
    scenario.services.chakra.fail(LIST, Hang(), times=1)


async def wait_for_third_page(scenario: ExportScenario) -> None:
    await scenario.services.chakra.wait_for_requests(3, LIST)


def hang_on_upload(scenario: ExportScenario) -> None:
    scenario.services.slack.hang("upload", times=1)


async def upload(scenario: ExportScenario) -> None:
    await scenario.wait_until(lambda: "Sending the file" in scenario.read_text())


def lose_the_answer(scenario: ExportScenario) -> None:
    scenario.services.slack.fail(COMPLETE, reset="after")


async def wait_for_file(scenario: ExportScenario) -> None:
    await scenario.wait_until(lambda: bool(scenario.list_files()))


def hang_on_posting(scenario: ExportScenario) -> None:
    """Slack does what it was asked only after the process is dead."""
    scenario.services.slack.hang(COMPLETE, times=1)


@pytest.mark.parametrize(
    ("arrange", "moment"),
    [
        (hang_on_third_page, wait_for_third_page),
        (hang_on_upload, upload),
        (lose_the_answer, wait_for_file),
        (hang_on_posting, upload),
    ],
    ids=lambda part: part.__name__,
)
async def test_killed_export_comes_once_and_whole(
    arrange: Arrange, moment: Wait, tmp_path: Path
) -> None:
    clock = AcceleratedClock(time.time(), SPEED)
    async with start_embedded_services(clock) as services:
        services.chakra.add_many_leads(MANY)
        scenario = ExportScenario(services, clock, tmp_path)
        arrange(scenario)
        async with scenario.start_bot() as bot:
            await services.slack.type(JOHN, SALES, "/chakra leads csv")
            await moment(scenario)
            await asyncio.sleep(0.3)  # what follows the moment is under way
            assert await bot.wait_for_exit(signal.SIGKILL) == -signal.SIGKILL
        services.chakra.release_hanging()
        services.chakra.clear_faults()
        services.slack.release()
        async with scenario.start_bot() as bot:
            await scenario.wait_until(lambda: "The file is below." in scenario.read_text())
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        [message] = scenario.list_files()
        rows = parse_rows(message.files[0].data)
        many = [row["Lead Id"] for row in rows if row["Lead Id"].startswith("MANY-")]
        assert many == [f"MANY-{number}" for number in range(1, MANY + 1)]
        assert len({row["ID"] for row in rows}) == len(rows)
        assert services.slack.rejections == []
