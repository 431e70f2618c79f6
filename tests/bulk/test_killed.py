"""kill -9 between a batch and Chakra's answer.

The batch is reported and never sent again, and the other batches can be continued.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import LocalFile, collect_text
from tests.db.databases import create_database_url
from tests.lossy_proxy import LossyProxy, start_proxy
from tests.process import (
    SERVE_ARGUMENTS,
    TIMEOUT_SECONDS,
    EmbeddedServices,
    Process,
    build_events_url,
    start_embedded_services,
    start_python,
)

pytestmark = [pytest.mark.process, pytest.mark.killed]

JOHN, SALES, JOHNS = "U0JOHN", "C0SALES", "D0JOHN"
CREATE = "POST /v1/ext/procedure/{procedureShortId}/process/bulk-create"
ROWS = 2_500
"""Three batches of at most a thousand rows."""
TABLE = "Lead Id,First Name\n" + "".join(f"EXPO-{n},Asha{n}\n" for n in range(1, ROWS + 1))


@dataclass
class UploadScenario:
    stand_ins: EmbeddedServices
    proxy: LossyProxy
    folder: Path

    @asynccontextmanager
    async def start_bot(self) -> AsyncIterator[Process]:
        environ = self.stand_ins.build_environ(
            CHAKRA_API_URL=self.proxy.url,
            DATABASE_URL=create_database_url("sqlite", self.folder),
            SENDERS=JOHN,
        )
        async with start_python(*SERVE_ARGUMENTS, environ=environ, folder=self.folder) as process:
            self.stand_ins.slack.set_request_url(build_events_url(await process.wait_until_ready()))
            yield process

    async def upload_and_check(self) -> None:
        """Fill in the forms up to the button that sends."""
        slack = self.stand_ins.slack
        await slack.type(JOHN, SALES, "/chakra bulk create lead")
        await self.wait_until(lambda: "before anything is sent" in self.read_form_text())
        file = LocalFile("leads.csv", "text/csv", TABLE.encode())
        await slack.submit(JOHN, {"file": file})
        await self.wait_until(lambda: "Send 2,500 rows" in self.read_form_text())

    def read_form_text(self) -> str:
        view = self.stand_ins.slack.find_view(JOHN)
        return collect_text(view) if view else ""

    def list_stopped_messages(self) -> list[str]:
        """Return the texts in the DM with the app that say that the upload stopped."""
        texts = [
            collect_text(message) for message in self.stand_ins.slack.list_messages(JOHN, JOHNS)
        ]
        return [text for text in texts if "stopped" in text]

    def read_watch_text(self) -> str:
        return "".join(map(collect_text, self.stand_ins.slack.list_messages(JOHN, JOHNS)))

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await self.stand_ins.slack.wait_until(condition)

    @property
    def created_job_count(self) -> int:
        """Return how many jobs Chakra created for batches."""
        return sum(len(job.entries) in (500, 1_000) for job in self.stand_ins.chakra.jobs)


KillPoint = Callable[[UploadScenario], Awaitable[int]]
"""Runs from the press to the kill. Returns how many batches Chakra has then."""


async def kill_while_chakra_hangs(scenario: UploadScenario) -> int:
    scenario.stand_ins.chakra.fail(CREATE, Hang())
    await scenario.stand_ins.slack.submit(JOHN)
    await scenario.stand_ins.chakra.wait_for_requests(1, CREATE)
    return 0


async def kill_after_chakra_accepted(scenario: UploadScenario) -> int:
    scenario.proxy.drop("answers")
    await scenario.stand_ins.slack.submit(JOHN)
    await scenario.stand_ins.chakra.wait_for_requests(1, CREATE)
    await scenario.proxy.dropped.wait()
    return 1


@pytest.mark.parametrize(
    "moment",
    [kill_while_chakra_hangs, kill_after_chakra_accepted],
    ids=lambda moment: moment.__name__,
)
async def test_kill_before_the_response_leaves_the_batch_unknown_and_the_rest_resumable(
    moment: KillPoint, tmp_path: Path
) -> None:
    async with start_embedded_services() as services, start_proxy(services.chakra.base_url) as line:
        scenario = UploadScenario(services, line, tmp_path)
        before = scenario.created_job_count
        async with scenario.start_bot() as bot:
            await scenario.upload_and_check()
            taken = await moment(scenario)
            assert await bot.wait_for_exit(signal.SIGKILL) == -signal.SIGKILL
        line.drop(None)
        services.chakra.clear_faults()
        async with scenario.start_bot() as bot:
            await scenario.wait_until(lambda: bool(scenario.list_stopped_messages()))
            [message] = scenario.list_stopped_messages()
            assert "restarted before Chakra responded" in message
            assert "Rows 2 to 1,001 may have been uploaded" in message
            assert "Rows 1,002 to 2,501 haven't been uploaded yet" in message
            assert (services.chakra.count(CREATE), scenario.created_job_count - before) == (
                1,
                taken,
            )
            await services.slack.press(JOHN, "bulk.continue")
            await services.chakra.wait_for_requests(3, CREATE)
            await scenario.wait_until(
                lambda: "New leads from leads.csv" in scenario.read_watch_text()
            )
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert (services.chakra.count(CREATE), scenario.created_job_count - before) == (
            3,
            taken + 2,
        )
        assert len(scenario.list_stopped_messages()) == 1
        assert services.slack.rejections == []
