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
from bot.sandbox.slack import visible_text
from bot.slack.client.web_api import SlackClient
from bot.web.routes import WebApp
from bot.web.server import serve
from bot.webhooks.events import StatusEvent
from bot.webhooks.open import open_webhooks
from tests.clock import ManualClock
from tests.db.databases import KINDS, address, opened, watched_database
from tests.messages.sender import SECRET as HASH_SECRET
from tests.messages.upstream import ACCEPTED, MESSAGE, WAMID, Upstream, submission, until
from tests.messages.webhooks import SECRET, chakra, dump, sign
from tests.sandbox import slack_stage

JOHN = "U0JOHN"
SENDS = 50
"""Of the burst."""


@dataclass
class World:
    slack: slack_stage.Stage
    client: SlackClient
    tasks: TaskSet
    sent: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    receiver: Any = None

    @property
    def clock(self) -> ManualClock:
        return self.slack.clock

    @asynccontextmanager
    async def sending(self, database: Database, boot: str = "") -> AsyncIterator[SendLifecycle]:
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
            ) as made,
            open_webhooks(
                database,
                self.clock,
                secret=SECRET,
                handlers={StatusEvent: made.statuses.handle},
                on_event=self.events.append,
            ) as self.receiver,
        ):
            yield made

    def shown(self) -> list[str]:
        channels = self.slack.slack.workspace.channels.values()
        [direct] = [one.id for one in channels if one.kind == "im" and JOHN in one.members]
        return [visible_text(one) for one in self.slack.slack.messages(JOHN, direct)]

    async def shows(self, *starts: str) -> None:
        for _ in range(400):
            shown = self.shown()
            if [start for start, one in zip(starts, shown, strict=False) if start in one] == [
                *starts
            ] and len(shown) == len(starts):
                return
            await self.clock.advance(0.5)
            await asyncio.sleep(0.005)
        raise AssertionError(self.shown())


@pytest.fixture
async def world() -> AsyncIterator[World]:
    scopes = (*slack_stage.SCOPES, "im:history")
    async with slack_stage.staged(slack_stage.manifest(scopes=scopes)) as slack:
        client = SlackClient(
            token=slack.slack.bot_token, base_url=slack.slack.api_url, clock=slack.clock
        )
        try:
            yield World(slack, client, TaskSet(slack.clock))
        finally:
            await client.aclose()
            assert slack.slack.rejections == []


async def press(
    sending: SendLifecycle, pressed: Submission, chakra_side: Upstream, **options: Any
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


async def deliver(world: World, *events: dict[str, Any]) -> set[int]:
    """Post the events over HTTP, as Chakra does."""
    async with serve(world.receiver) as url, aiohttp.ClientSession() as session:

        async def post(body: bytes) -> int:
            headers = {"X-Chakra-Signature-256": sign(body)}
            async with session.post(url, data=body, headers=headers) as answer:
                return answer.status

        return set(await asyncio.gather(*(post(dump(event)) for event in events)))


async def test_a_send_is_followed_to_its_end_in_one_message(
    world: World, database: Database
) -> None:
    async with world.sending(database) as sending:
        claim = await press(sending, submission(), Upstream())
        assert claim.outcome is ClaimOutcome.CREATED
        assert claim.send.status is SendStatus.ACCEPTED
        await world.shows(
            "Sending (WhatsApp has it; not delivered yet): *order_update* to +91 •••••• 3210"
        )
        for word in ("SENT", "DELIVERED", "READ"):
            assert await deliver(world, chakra(word, WAMID, MESSAGE)) == {200}
            await world.shows(f"{word.title()}: *order_update*")
    assert world.sent == ["accepted"]
    assert world.events == ["status"] * 3


async def test_pressed_twice_and_sent_again_by_another_member(
    world: World, database: Database
) -> None:
    chakra_side = Upstream()
    async with world.sending(database) as sending:
        first = await press(sending, submission(), chakra_side)
        again = await press(sending, submission(), chakra_side)
        assert again.outcome is ClaimOutcome.REPLAYED
        other = submission("view-2", member="U0MARY")
        duplicate = await press(sending, other, chakra_side)
        assert (duplicate.outcome, duplicate.send.id) == (ClaimOutcome.DUPLICATE, first.send.id)
        assert chakra_side.out == 1
        confirmed = await press(
            sending, other, chakra_side, confirmed_duplicate_of=duplicate.send.id
        )
        assert confirmed.outcome is ClaimOutcome.CREATED
    assert chakra_side.out == 2


async def test_an_event_faster_than_the_answer_is_not_lost(
    world: World, database: Database
) -> None:
    slow = Upstream(held=True)
    async with world.sending(database) as sending:
        going = asyncio.create_task(press(sending, submission(), slow))
        await slow.asked.wait()
        assert await deliver(world, chakra("READ", WAMID, MESSAGE)) == {200}
        slow.released.set()
        await going
        await world.shows("Read: *order_update*")


async def test_a_send_is_forgotten_ninety_days_after_it_began(
    world: World, database: Database
) -> None:
    """Sends with an unknown outcome stay as long as others."""
    day = 86_400.0
    async with world.sending(database) as sending:
        await press(sending, submission("read"), Upstream())
        await press(sending, submission("unknown", recipient="1"), Upstream(OutcomeUnknown()))
    await world.clock.advance(2 * day)
    async with world.sending(database) as sending:
        await press(sending, submission("later", recipient="2"), Upstream())
    await world.clock.advance(SEND_RETENTION_SECONDS - day)
    async with world.sending(database) as sending:
        keys = ["read", "unknown", "later"]
        for _ in range(2_000):
            known = [key for key in keys if await sending.sends.find_by_key(key)]
            if "read" not in known:
                break
            await world.clock.advance(0.1)  # the one before may still hold the lead
            await asyncio.sleep(0.002)
        assert known == ["later"]


async def test_events_that_came_while_it_was_down_are_worked_off(
    world: World, tmp_path: Path
) -> None:
    async with opened("sqlite", tmp_path) as database:
        async with world.sending(database) as sending:
            await press(sending, submission(), Upstream())
            await world.shows("WhatsApp has it")
        async with database.begin() as connection:
            await connection.execute(
                text("INSERT INTO events (digest, received_at, body) VALUES ('d', 1, :body)"),
                {"body": dump(chakra("READ", WAMID, MESSAGE))},
            )
        async with world.sending(database, "boot-2"):
            await world.shows("Read")


async def test_sends_of_a_dead_replica_are_resumed(world: World, database: Database) -> None:
    """Its send expires once no process can be waiting for it; its report follows in time."""
    async with world.sending(database, "boot-1") as sending:
        claim = await sending.ledger.claim(submission())
        assert claim.outcome is ClaimOutcome.CREATED
    async with world.sending(database, "boot-2") as sending:
        for _ in range(int(60 / RECONCILE_INTERVAL_SECONDS)):
            await world.clock.advance(RECONCILE_INTERVAL_SECONDS)
            await asyncio.sleep(0.05)
        await world.shows("We don't know whether this was sent")
        found = await sending.sends.find_by_key("view-1")
    assert found is not None
    assert (found.status, found.process_id) == (SendStatus.UNKNOWN, "boot-1")


@pytest.mark.parametrize("kind", KINDS)
async def test_kill_minus_nine_before_the_answer_never_sends_twice(
    world: World, kind: str, tmp_path: Path
) -> None:
    url = address(kind, tmp_path)
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
            sys.executable, "-m", "tests.messages.sender", url, chakra_url
        )
        await asyncio.wait_for(arrived.wait(), 30)
        child.kill()
        assert await child.wait() == -9
    assert len(requests) == 1

    # The child's clock was the real one; and old sends are forgotten, so not in many years either.
    world.clock._started = time.time() + 60
    async with watched_database(url) as database, world.sending(database, "next") as sending:
        retried = Upstream()
        claim = await press(sending, submission(), retried)
        assert claim.outcome is ClaimOutcome.REPLAYED
        await world.shows("We don't know whether this was sent")
        outcome = await press(sending, submission(), retried)
        assert outcome.send.status is SendStatus.UNKNOWN
        assert outcome.send.process_id == "killed"
    assert retried.out == 0


async def test_a_burst_of_events_brings_every_send_to_its_end(
    world: World, database: Database
) -> None:
    """A thousand events of fifty sends, over HTTP; the bench has ten thousand."""
    async with world.sending(database) as sending:
        for number in range(SENDS):
            ids = type(ACCEPTED)(id=f"m-{number}", wamid=f"wamid.{number}")
            await press(
                sending,
                submission(f"view-{number}", recipient=f"9198765{number:05}"),
                Upstream(ids),
            )
        events = [
            chakra(word, f"wamid.{number}", f"m-{number}", turn=turn)
            for turn in range(5)
            for word in ("READ", "SENT", "FAILED", "DELIVERED")
            for number in range(SENDS)
        ]
        assert await deliver(world, *events) == {200}

        async def states() -> set[SendStatus]:
            found = [await sending.sends.find_by_key(f"view-{number}") for number in range(SENDS)]
            return {one.status for one in found if one is not None}

        for _ in range(200):
            if await states() == {SendStatus.READ}:
                break
            await asyncio.sleep(0.02)
        assert await states() == {SendStatus.READ}


# --- the route ------------------------------------------------------------------------------------


async def test_chakras_events_have_a_route_of_their_own(world: World, sqlite: Database) -> None:
    health = HealthChecker.__new__(HealthChecker)  # it is not asked
    async with (
        world.sending(sqlite),
        serve(WebApp(slack=None, health=health, metrics=Metrics(), events=world.receiver)) as url,
        aiohttp.ClientSession() as session,
    ):
        body = dump(chakra("SENT"))
        headers = {"X-Chakra-Signature-256": sign(body)}
        async with session.post(f"{url}/chakra/events", data=body, headers=headers) as answer:
            assert answer.status == 200
        async with session.post(f"{url}/chakra/events", data=body) as answer:
            assert answer.status == 401
        async with session.post(f"{url}/slack/events", data=body) as answer:
            assert answer.status == 404
        await until(lambda: world.events == ["status"])
