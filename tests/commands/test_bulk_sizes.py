"""Stories of tables whose requests to Chakra are large in bytes, not in rows."""

from __future__ import annotations

from bot.bulk.upload import BatchState
from bot.sandbox.chakra.faults import HtmlErrorPage
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.test_bulk import (
    CREATE,
    HEADER,
    confirm_upload,
    create_csv,
    list_states,
    open_form,
    stop_upload,
    submit_file,
    wait_for_outcome,
)
from tests.world import World

NGINX_MAX_BODY_BYTES = 1024 * 1024
LETTERS = 400


def build_table(rows: int) -> str:
    """Return a table whose letters have three bytes, and six if JSON escapes them."""
    name = "अ" * LETTERS
    return HEADER + "".join(f"EXPO-{row},{name},+91 98765 {row:05}\n" for row in range(rows))


async def test_letters_of_any_script_are_within_the_size_that_a_proxy_takes(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    await submit_file(acme, create_csv(build_table(1_600)))
    await confirm_upload(acme)
    *_, outcome = await wait_for_outcome(acme, clock, step=10)
    assert "1,600 of 1,600 succeeded" in collect_text(outcome)
    sent = [request for request in acme.chakra.requests if request.path.endswith("bulk-create")]
    sizes = [int(request.headers["content-length"]) for request in sent]
    assert len(sizes) == 3
    assert max(sizes) < NGINX_MAX_BODY_BYTES
    assert acme.slack.rejections == []


async def test_request_that_is_too_large_for_chakra_says_so(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, HtmlErrorPage(413), times=1)
    said = await stop_upload(acme, clock, rows=50)
    assert "That is too much for one request to Chakra" in said
    assert await list_states(acme) == [BatchState.REFUSED]
