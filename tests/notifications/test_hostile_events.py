"""Hostile and broken deliveries through the front door, each with what it must not do."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.sandbox.slack import collect_text
from bot.sandbox.world import CHAKRA_EVENTS_PATH, WEBHOOK_SECRET
from tests.clock import ManualClock
from tests.messages.webhook_builders import build_event, build_meta, build_status, sign
from tests.notifications.test_notification_stories import add_rule, list_posted
from tests.people import SALES
from tests.request_client import open_request_client
from tests.world import World

YEAR = 365 * 86_400
MAX_BODY_BYTES = 3 * 1024 * 1024


def build_message(
    clock: ManualClock, number: int = 1, *, late: float = 0, **more: Any
) -> dict[str, Any]:
    inbound = {
        "from": "919876543210",
        "id": f"wamid.{number}",
        "timestamp": str(int(clock.time() - late)),
        "type": "text",
        "text": {"body": "hello"},
        **more,
    }
    contact = {"wa_id": "919876543210", "profile": {"name": "Asha"}}
    return build_meta(messages=[inbound], contacts=[contact], metadata={"phone_number_id": "1"})


async def deliver(acme: World, body: bytes, secret: str = WEBHOOK_SECRET, **headers: str) -> int:
    given = {"X-Chakra-Signature-256": sign(body, secret)} if secret else {}
    async with open_request_client(acme) as post:
        answer = await post.request(
            CHAKRA_EVENTS_PATH,
            "POST",
            data=io.BytesIO(body),
            headers={"Content-Type": "application/json", **given, **headers},
        )
    await acme.settle()
    return answer.status


async def deliver_event(acme: World, event: Any) -> int:
    return await deliver(acme, json.dumps(event).encode())


@dataclass(frozen=True)
class Refused:
    """``status``: what the sender gets for a body that says nothing."""

    status: int
    body: bytes
    secret: str = WEBHOOK_SECRET
    headers: tuple[tuple[str, str], ...] = ()


EVENT = json.dumps(build_event("READ")).encode()
REFUSED = {
    "no signature": Refused(401, EVENT, ""),
    "signed for another team": Refused(401, EVENT, "another secret"),
    "signed with Meta's header alone": Refused(
        401, EVENT, "", (("X-Hub-Signature-256", f"sha256={sign(EVENT, WEBHOOK_SECRET)}"),)
    ),
    "signature of another body": Refused(
        401, EVENT, "", (("X-Chakra-Signature-256", sign(b"{}", WEBHOOK_SECRET)),)
    ),
    "giant": Refused(413, b'{"entry": "' + b"x" * MAX_BODY_BYTES + b'"}'),
    "nested 10,000 deep": Refused(400, b'{"entry": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"),
    "truncated": Refused(400, EVENT[:-7]),
    "compressed": Refused(400, gzip.compress(EVENT), headers=(("Content-Encoding", "gzip"),)),
    "two objects": Refused(400, EVENT + EVENT),
    "an array of deliveries": Refused(400, b"[" + EVENT + b"]"),
    "UTF-16": Refused(400, b"\xff\xfe" + EVENT),
    "empty": Refused(400, b""),
    "no number": Refused(400, b'{"entry": NaN}'),
}


async def test_refused_deliveries_leave_nothing_and_tell_nothing(
    acme: World, clock: ManualClock
) -> None:
    await add_rule(acme, "all")
    with capture_logs() as logs:
        for name, refused in REFUSED.items():
            status = await deliver(acme, refused.body, refused.secret, **dict(refused.headers))
            assert (name, status) == (name, refused.status)
    await clock.advance(5)
    assert list_posted(acme) == []
    assert "919876543210" not in json.dumps(logs, default=str)
    assert await deliver_event(acme, build_message(clock)) == 200
    await clock.advance(5)
    assert any("hello" in text for text in list_posted(acme)), "the app still works"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_content_type_does_not_matter(
    acme: World, clock: ManualClock, content_type: str
) -> None:
    await add_rule(acme, "message")
    body = json.dumps(build_message(clock)).encode()
    assert await deliver(acme, body, **{"Content-Type": content_type}) == 200
    await clock.advance(5)
    assert any("hello" in text for text in list_posted(acme))


async def test_events_of_another_time_are_recorded(acme: World, clock: ManualClock) -> None:
    await add_rule(acme, "all")
    assert await deliver_event(acme, build_message(clock, 1, late=YEAR)) == 200
    await clock.advance(5)
    assert list_posted(acme) == [], "from before the installation"
    future = build_message(clock, 2, late=-YEAR, text={"body": "from the future"})
    assert await deliver_event(acme, future) == 200
    await clock.advance(5)
    assert any("from the future" in text for text in list_posted(acme))
    recent = collect_text(await acme.type("/chakra notify recent"))
    assert recent.count("Asha") == 2, "both are listed"
    assert acme.slack.rejections == []


ODD_TEXTS = {
    "a mention of everyone": "<!channel> <!here> @everyone <@U0MEI>",
    "Slack's markup": "*bold* <https://evil.example|Chakra> &amp; `code`\n> quote",
    "60,000 characters": "w" * 60_000,
    "NUL and half characters": "a\x00b\ud83dc\udc00\u202e",
    "nothing": "",
    "not text": {"deeper": [1]},
    "a number": 12,
}


async def test_odd_texts_are_shown_and_harm_no_one(acme: World, clock: ManualClock) -> None:
    await add_rule(acme, "message")
    for number, body in enumerate(ODD_TEXTS.values()):
        event = build_message(clock, number, text={"body": body})
        assert await deliver_event(acme, event) == 200
        await clock.advance(3)
    await clock.advance(30)
    shown = acme.slack.list_messages("U0JOHN", SALES)
    raw = json.dumps([[part.text, part.blocks] for part in shown], default=str)
    assert "<!channel>" not in raw
    assert "<!here>" not in raw
    assert "<@U0MEI>" not in raw
    assert "<https://evil" not in raw
    assert "\\u0000" not in raw
    assert acme.slack.rejections == []
    assert await deliver_event(acme, build_message(clock, 99, text={"body": "last words"})) == 200
    await clock.advance(5)
    assert any("last words" in text for text in list_posted(acme))


async def test_ids_of_any_kind_cost_nothing_else(acme: World, clock: ManualClock) -> None:
    """IDs that don't exist, numbers for IDs, endless ones, half characters, the same ID thrice."""
    await add_rule(acme, "all")
    statuses = [
        build_status("read", "wamid.that-does-not-exist"),
        build_status("failed", recipient_id=919876543210, id=12345),
        build_status("failed", "w" * 100_000),
        build_status("failed", "wamid.\ud800\x00"),
        {"id": {"a": 1}, "status": "failed"},
        {"id": "wamid.9", "status": ["failed"]},
        *[build_status("failed", "wamid.same")] * 3,
    ]
    now = str(int(clock.time()))
    for status in statuses:
        status["timestamp"] = now
    twice = build_message(clock, 7, context={"id": "wamid.unknown"})
    twice["entry"] *= 2
    assert await deliver_event(acme, build_meta(*statuses)) == 200
    assert await deliver_event(acme, twice) == 200
    await clock.advance(10)
    texts = list_posted(acme)
    assert sum("hello" in text for text in texts) == 2, "the thread's beginning, and the message"
    assert sum("wasn't delivered" in text for text in texts) == 4
    assert acme.slack.rejections == []


async def test_storm_of_a_campaign_never_floods_a_channel(acme: World, clock: ManualClock) -> None:
    """Ten thousand deliveries, three thousand of them failures, within a minute."""
    await add_rule(acme, "failed")
    before = len(list_posted(acme))
    posted_at: list[float] = []
    for part in range(20):
        statuses = [
            build_status(
                "failed" if number % 10 < 3 else "delivered",
                f"wamid.{part}.{number}",
                timestamp=str(int(clock.time())),
            )
            for number in range(500)
        ]
        assert await deliver_event(acme, build_meta(*statuses)) == 200
        for _ in range(3):
            await clock.advance(1)
            posted_at += [clock.time()] * (len(list_posted(acme)) - before - len(posted_at))
    await clock.advance(60)
    texts = list_posted(acme)[before:]
    counts = [_count_failures(text) for text in texts]
    assert sum(counts) == 3_000
    assert len(texts) <= 10
    assert len(posted_at) == len(set(posted_at)), "at most one a second"
    assert acme.slack.rejections == []


def _count_failures(text: str) -> int:
    """Return how many failures a message counts; one that shows one event begins otherwise."""
    first = text.splitlines()[0]
    number = first.strip("*").split(" ")[0].replace(",", "")
    return int(number) if number.isdecimal() else int("wasn't delivered" in first)
