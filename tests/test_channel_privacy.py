"""A number and an address in every free text: no message to a channel shows either."""

from __future__ import annotations

import json

from bot.sandbox.slack import LocalFile, collect_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import advance_until, list_app_messages, wait_until
from tests.people import JOHN, SALES
from tests.world import World

CUSTOMER = "Ravi +91 98765 43210 ravi.k@acme.com 98765,43210"


def read_channel_messages(acme: World) -> str:
    """Everything of the app's messages that the channel gets: texts, blocks, fallbacks."""
    seen = [(message.text, message.blocks) for message in list_app_messages(acme, JOHN, SALES)]
    assert seen
    return json.dumps(seen, ensure_ascii=False)


def assert_masked(acme: World) -> None:
    content = read_channel_messages(acme)
    for whole in ("98765", "ravi.k"):
        assert whole not in content
    assert "••••••" in content


async def test_shared_user_is_masked_in_every_field(acme: World) -> None:
    acme.chakra.update_user(
        "priya@acme.com",
        first_name=CUSTOMER,
        last_name=CUSTOMER,
        display_name=CUSTOMER,
        username="919876543210",
        availability_status=CUSTOMER,
        timezone=CUSTOMER,
    )
    await acme.type("/chakra user priya@acme.com share")
    assert_masked(acme)


async def test_shared_template_is_masked_in_every_text(acme: World) -> None:
    template = acme.chakra.templates[0]
    acme.chakra.update_template(
        template.name, template.language, status="REJECTED", rejected_reason=CUSTOMER
    )
    await acme.type(f"/chakra templates {template.name}")
    await acme.press("templates.share")
    assert_masked(acme)


async def test_watched_and_shared_jobs_are_masked(acme: World, clock: ManualClock) -> None:
    job = acme.chakra.add_job(
        succeed=4,
        fail=2,
        invalid=1,
        seconds=20,
        failed_because=[CUSTOMER],
        rejected_because=[CUSTOMER],
    )
    await acme.type(f"/chakra job {job.id}")
    await acme.press("job.share")
    await acme.type(f"/chakra watch {job.id}")
    await wait_until(acme, lambda: len(list_app_messages(acme, JOHN, SALES)) > 1)
    await advance_until(acme, clock, lambda: len(list_app_messages(acme, JOHN, SALES)) > 2)
    assert_masked(acme)


async def test_upload_named_after_a_customer_is_masked(acme: World, clock: ManualClock) -> None:
    await acme.type("/chakra bulk create lead")
    rows = b"Lead Id,First Name\nEXPO-1,Asha\n"
    await acme.submit({"file": LocalFile(f"{CUSTOMER}.csv", "text/csv", rows)})
    await wait_until(acme, lambda: "Send 1 row" in _read_form_text(acme))
    await acme.submit({"tell": "channel"})
    await advance_until(acme, clock, lambda: bool(list_app_messages(acme, JOHN, SALES)))
    assert_masked(acme)


def _read_form_text(acme: World) -> str:
    view = acme.slack.find_view(JOHN)
    return collect_text(view) if view else ""


async def test_job_whose_id_begins_like_a_number_is_named_whole(
    acme: World, clock: ManualClock
) -> None:
    job = acme.chakra.add_job(id="12345678-0000-4000-8000-000000000001", succeed=4, seconds=20)
    await acme.type(f"/chakra watch {job.id}")
    await wait_until(acme, lambda: bool(list_app_messages(acme, JOHN, SALES)))
    await advance_until(acme, clock, lambda: len(list_app_messages(acme, JOHN, SALES)) > 1)
    assert f"Job `{job.id}` has finished" in collect_text(list_app_messages(acme, JOHN, SALES)[1])
