"""Sends from the press to the report: followed, killed, restarted, flooded with events."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.aio.tasks import TaskSet
from bot.db.claims import ClaimOutcome
from bot.db.engine import Database
from bot.errors import OutcomeUnknown
from bot.health import HealthChecker
from bot.messages.lifecycle import (
    RECONCILE_INTERVAL_SECONDS,
    SEND_RETENTION_SECONDS,
    SendLifecycle,
    open_send_lifecycle,
)
from bot.messages.send import ClaimResult, Send
from bot.messages.status import SendStatus
from bot.messages.submission import Submission
from bot.metrics import Metrics
from bot.outbox.outbox import open_outbox
from bot.sandbox.slack import collect_text
from bot.slack.client.web_api import SlackClient
from bot.web.body import BodyReader
from bot.web.routes import WebApp
from bot.web.server import serve
from bot.webhooks.events import StatusEvent
from bot.webhooks.open import open_webhooks
from tests.clock import ManualClock
from tests.db.databases import KINDS, create_database_url, open_empty_database, watched_database
from tests.messages.fake_messages import (
    ACCEPTED,
    MESSAGE,
    WAMID,
    FakeMessages,
    build_submission,
    wait_until,
)
from tests.messages.sender_process import SECRET as HASH_SECRET
from tests.messages.webhook_builders import SECRET, build_event, encode, sign
from tests.sandbox import slack_harness as slack_stage

JOHN = "U0JOHN"
SENDS = 50
"""The size of the burst."""


@dataclass
class LifecycleHarness:
    slack: slack_stage.SlackHarness
    client: SlackClient
    tasks: TaskSet
    sent: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    receiver: Any = None

    @property
    def clock(self) -> ManualClock:
        return self.slack.clock

    @asynccontextmanager
    async def open_lifecycle(
        self, database: Database, boot: str = ""
    ) -> AsyncIterator[SendLifecycle]:
        async with (
            open_outbox(database, self.client, self.clock, process_id=boot or "boot") as outbox,
            open_send_lifecycle(
                database,
                outbox,
                self.clock,
                self.tasks,
                hash_secret=HASH_SECRET,
                on_outcome=self.sent.append,
                process_id=boot,
            ) as lifecycle,
            open_webhooks(
                database,
                self.clock,
                BodyReader(self.clock),
                secret=SECRET,
                handlers={StatusEvent: lifecycle.statuses.handle},
                on_event=self.events.append,
            ) as self.receiver,
        ):
            yield lifecycle

    def list_report_texts(self) -> list[str]:
        channels = self.slack.slack.workspace.channels.values()
        [direct] = [
            channel.id for channel in channels if channel.kind == "im" and JOHN in channel.members
        ]
        return [collect_text(message) for message in self.slack.slack.list_messages(JOHN, direct)]

    async def wait_for_reports(self, *starts: str) -> None:
        for _ in range(400):
            texts = self.list_report_texts()
            if [start for start, text in zip(starts, texts, strict=False) if start in text] == [
                *starts
            ] and len(texts) == len(starts):
                return
            await self.clock.advance(0.5)
            await asyncio.sleep(0.005)
        raise AssertionError(self.list_report_texts())


@pytest.fixture
async def harness() -> AsyncIterator[LifecycleHarness]:
    scopes = (*slack_stage.SCOPES, "im:history")
    async with slack_stage.open_harness(slack_stage.build_manifest(scopes=scopes)) as slack:
        client = SlackClient(
            token=slack.slack.bot_token, base_url=slack.slack.api_url, clock=slack.clock
        )
        try:
            yield LifecycleHarness(slack, client, TaskSet(slack.clock))
        finally:
            await client.aclose()
            assert slack.slack.rejections == []


async def press(
    sending: SendLifecycle, pressed: Submission, chakra_side: FakeMessages, **options: Any
) -> ClaimResult:
    """Start a send and, if it is started, wait until it has an outcome (not for its report)."""
    claim, task = await sending.start(pressed, "the request", chakra_side, **options)
    send: Send | None = claim.send
    while task is not None and send is not None and send.status is SendStatus.SENDING:
        await asyncio.sleep(0.002)
        send = await sending.sends.find_by_id(claim.send.id)
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert send is not None
    return replace(claim, send=send)


async def post_events(harness: LifecycleHarness, *events: dict[str, Any]) -> set[int]:
    """Post the events over HTTP, as Chakra does."""
    async with serve(harness.receiver) as url, aiohttp.ClientSession() as session:

        async def post(body: bytes) -> int:
            headers = {"X-Chakra-Signature-256": sign(body)}
            async with session.post(url, data=body, headers=headers) as answer:
                return answer.status

        return set(await asyncio.gather(*(post(encode(event)) for event in events)))


async def test_send_is_reported_to_completion_in_one_message(
    harness: LifecycleHarness, database: Database
) -> None:
    async with harness.open_lifecycle(database) as sending:
        claim = await press(sending, build_submission(), FakeMessages())
        assert claim.outcome is ClaimOutcome.CREATED
        assert claim.send.status is SendStatus.ACCEPTED
        await harness.wait_for_reports(
            "*Sending* to +91 •••••• 3210 (WhatsApp has it; not delivered yet)\n*order_update*"
        )
        for word in ("SENT", "DELIVERED", "READ"):
            assert await post_events(harness, build_event(word, WAMID, MESSAGE)) == {200}
            await harness.wait_for_reports(f"*{word.title()}* ")
    assert harness.sent == ["accepted"]
    assert harness.events == ["status"] * 3


async def test_pressed_twice_and_sent_again_by_another_member(
    harness: LifecycleHarness, database: Database
) -> None:
    chakra_side = FakeMessages()
    async with harness.open_lifecycle(database) as sending:
        first = await press(sending, build_submission(), chakra_side)
        again = await press(sending, build_submission(), chakra_side)
        assert again.outcome is ClaimOutcome.REPLAYED
        other = build_submission("view-2", member="U0MARY")
        duplicate = await press(sending, other, chakra_side)
        assert (duplicate.outcome, duplicate.send.id) == (ClaimOutcome.DUPLICATE, first.send.id)
        assert chakra_side.call_count == 1
        confirmed = await press(
            sending, other, chakra_side, confirmed_duplicate_of=duplicate.send.id
        )
        assert confirmed.outcome is ClaimOutcome.CREATED
    assert chakra_side.call_count == 2


async def test_event_before_the_response_is_not_lost(
    harness: LifecycleHarness, database: Database
) -> None:
    slow = FakeMessages(is_blocked=True)
    async with harness.open_lifecycle(database) as sending:
        going = asyncio.create_task(press(sending, build_submission(), slow))
        await slow.called.wait()
        assert await post_events(harness, build_event("READ", WAMID, MESSAGE)) == {200}
        slow.released.set()
        await going
        await harness.wait_for_reports("*Read* by +91 •••••• 3210\n*order_update*")


async def test_sends_are_purged_after_ninety_days(
    harness: LifecycleHarness, database: Database
) -> None:
    """Sends with an unknown outcome stay as long as others."""
    day = 86_400.0
    async with harness.open_lifecycle(database) as sending:
        await press(sending, build_submission("read"), FakeMessages())
        await press(
            sending, build_submission("unknown", recipient="1"), FakeMessages(OutcomeUnknown())
        )
    await harness.clock.advance(2 * day)
    async with harness.open_lifecycle(database) as sending:
        await press(sending, build_submission("later", recipient="2"), FakeMessages())
    await harness.clock.advance(SEND_RETENTION_SECONDS - day)
    async with harness.open_lifecycle(database) as sending:
        keys = ["read", "unknown", "later"]
        for _ in range(2_000):
            known = [key for key in keys if await sending.sends.find_by_key(key)]
            if "read" not in known:
                break
            await harness.clock.advance(5)  # the one before may still hold the lead
            await asyncio.sleep(0.002)
        assert known == ["later"]


async def test_events_received_during_downtime_are_processed(
    harness: LifecycleHarness, tmp_path: Path
) -> None:
    async with open_empty_database("sqlite", tmp_path) as database:
        async with harness.open_lifecycle(database) as sending:
            await press(sending, build_submission(), FakeMessages())
            await harness.wait_for_reports("WhatsApp has it")
        async with database.begin() as connection:
            await connection.execute(
                text("INSERT INTO events (digest, received_at, body) VALUES ('d', 1, :body)"),
                {"body": encode(build_event("READ", WAMID, MESSAGE))},
            )
        async with harness.open_lifecycle(database, "boot-2"):
            await harness.wait_for_reports("Read")


async def test_failure_is_one_more_message_across_restarts_and_a_later_delivery(
    harness: LifecycleHarness, database: Database
) -> None:
    failed, delivered = (build_event(word, WAMID, MESSAGE) for word in ("FAILED", "DELIVERED"))
    async with harness.open_lifecycle(database, "boot-1") as sending:
        await press(sending, build_submission(), FakeMessages())
        await harness.wait_for_reports("WhatsApp has it")
        await post_events(harness, failed)
    for boot in ("boot-2", "boot-3"):
        async with harness.open_lifecycle(database, boot):
            await harness.wait_for_reports("*Not delivered* to", "*Not delivered* to")
            assert await post_events(harness, failed, failed) == {200}
            await harness.clock.advance(30)
            await harness.wait_for_reports("*Not delivered* to", "*Not delivered* to")
    async with harness.open_lifecycle(database, "boot-4"):
        await post_events(harness, delivered)
        await harness.wait_for_reports("*Delivered* to", "*Delivered after all* to")
    async with harness.open_lifecycle(database, "boot-5"):
        await post_events(harness, failed)
        await harness.clock.advance(30)
        await harness.wait_for_reports("*Delivered* to", "*Delivered after all* to")


async def test_delivery_before_a_late_failure_notifies_of_none(
    harness: LifecycleHarness, database: Database
) -> None:
    async with harness.open_lifecycle(database) as sending:
        await press(sending, build_submission(), FakeMessages())
        await post_events(harness, build_event("DELIVERED", WAMID, MESSAGE))
        await harness.wait_for_reports("*Delivered* to")
        await post_events(harness, build_event("FAILED", WAMID, MESSAGE))
        await harness.clock.advance(30)
        await harness.wait_for_reports("*Delivered* to")


async def test_sends_of_a_dead_replica_are_resumed(
    harness: LifecycleHarness, database: Database
) -> None:
    """Its send expires once no process can be waiting for it; its report follows in time."""
    async with harness.open_lifecycle(database, "boot-1") as sending:
        claim = await sending.ledger.claim(build_submission())
        assert claim.outcome is ClaimOutcome.CREATED
    async with harness.open_lifecycle(database, "boot-2") as sending:
        for _ in range(int(60 / RECONCILE_INTERVAL_SECONDS)):
            await harness.clock.advance(RECONCILE_INTERVAL_SECONDS)
            await asyncio.sleep(0.05)
        await harness.wait_for_reports("We don't know whether this was sent")
        found = await sending.sends.find_by_key("view-1")
    assert found is not None
    assert (found.status, found.process_id) == (SendStatus.UNKNOWN, "boot-1")


@pytest.mark.parametrize("kind", KINDS)
async def test_sigkill_before_the_response_never_sends_twice(
    harness: LifecycleHarness, kind: str, tmp_path: Path
) -> None:
    url = create_database_url(kind, tmp_path)
    requests: list[str] = []
    arrived = asyncio.Event()

    async def hang(request: Request) -> Response:
        requests.append(request.url.path)
        arrived.set()
        await asyncio.sleep(60)
        return JSONResponse({})

    chakra_app = Starlette(routes=[Route("/{rest:path}", hang, methods=["POST"])])
    async with serve(chakra_app, grace_seconds=0.1) as chakra_url:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.messages.sender_process", url, chakra_url
        )
        await asyncio.wait_for(arrived.wait(), 30)
        child.kill()
        assert await child.wait() == -9
    assert len(requests) == 1

    # The child's clock was the real one; and old sends are forgotten, so not in many years either.
    harness.clock._started = time.time() + 60
    async with (
        watched_database(url) as database,
        harness.open_lifecycle(database, "next") as sending,
    ):
        retried = FakeMessages()
        claim = await press(sending, build_submission(), retried)
        assert claim.outcome is ClaimOutcome.REPLAYED
        await harness.wait_for_reports("We don't know whether this was sent")
        outcome = await press(sending, build_submission(), retried)
        assert outcome.send.status is SendStatus.UNKNOWN
        assert outcome.send.process_id == "killed"
    assert retried.call_count == 0


async def test_burst_of_events_completes_every_send(
    harness: LifecycleHarness, database: Database
) -> None:
    """A thousand events of fifty sends, over HTTP; the bench has ten thousand."""
    async with harness.open_lifecycle(database) as sending:
        for number in range(SENDS):
            ids = type(ACCEPTED)(id=f"m-{number}", wamid=f"wamid.{number}")
            await press(
                sending,
                build_submission(f"view-{number}", recipient=f"9198765{number:05}"),
                FakeMessages(ids),
            )
        events = [
            build_event(word, f"wamid.{number}", f"m-{number}", turn=turn)
            for turn in range(5)
            for word in ("READ", "SENT", "FAILED", "DELIVERED")
            for number in range(SENDS)
        ]
        async with harness.clock.running():
            assert await post_events(harness, *events) == {200}

        async def collect_states() -> set[SendStatus]:
            found = [await sending.sends.find_by_key(f"view-{number}") for number in range(SENDS)]
            return {send.status for send in found if send is not None}

        for _ in range(200):
            if await collect_states() == {SendStatus.READ}:
                break
            await asyncio.sleep(0.02)
        assert await collect_states() == {SendStatus.READ}


# --- the route ------------------------------------------------------------------------------------


async def test_webhooks_have_their_own_route(harness: LifecycleHarness, sqlite: Database) -> None:
    health = HealthChecker.__new__(HealthChecker)  # it is not asked
    async with (
        harness.open_lifecycle(sqlite),
        serve(WebApp(slack=None, health=health, metrics=Metrics(), events=harness.receiver)) as url,
        aiohttp.ClientSession() as session,
    ):
        body = encode(build_event("SENT"))
        headers = {"X-Chakra-Signature-256": sign(body)}
        async with session.post(f"{url}/chakra/events", data=body, headers=headers) as answer:
            assert answer.status == 200
        async with session.post(f"{url}/chakra/events", data=body) as answer:
            assert answer.status == 401
        async with session.post(f"{url}/slack/events", data=body) as answer:
            assert answer.status == 404
        await wait_until(lambda: harness.events == ["status"])
