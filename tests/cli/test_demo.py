"""``chakra-bot demo`` as a process: one line to open, and the whole bot behind it."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.slack import collect_text
from bot.sandbox.world import SAMPLE_TABLE_PATH, build_tips
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.process import TIMEOUT_SECONDS, Process, run_python, start_python
from tests.world import World

DEMO = ("-m", "bot", "demo")


async def wait_for_page(demo: Process) -> str:
    """The address that it tells a person to open."""
    line = await demo.wait_for_line(demo.output, "Open ")
    return line.split()[1]


async def wait_for_message(session: aiohttp.ClientSession, page: str, text: str) -> None:
    """Return once Mei sees the text last in #sales: on a busy machine it follows the ack."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            async with session.get(f"{page}sandbox/state", params={"as": "U0MEI"}) as answer:
                if text in str((await answer.json())["messages"]["C0SALES"][-1]):
                    return
            await asyncio.sleep(0.1)


@pytest.mark.process
@pytest.mark.smoke
@pytest.mark.parametrize("way", [(), ("--socket",)])
async def test_demo_prints_a_url_whose_page_answers_a_command(
    tmp_path: Path, way: tuple[str, ...]
) -> None:
    async with (
        start_python(*DEMO, "--port", "0", *way, environ={}, folder=tmp_path) as demo,
        aiohttp.ClientSession() as session,
    ):
        page = await wait_for_page(demo)
        async with session.get(page) as answer:
            assert answer.status == 200
            assert "<html" in await answer.text()
        line = {"as": "U0MEI", "channel": "C0SALES", "text": "/chakra user john@acme.com"}
        async with session.post(f"{page}sandbox/type", json=line) as answer:
            assert (await answer.json())["ok"]
        await wait_for_message(session, page, "John Doe")
        assert await demo.wait_for_exit(signal.SIGTERM) == 0
    output = "".join(demo.output)
    assert "/chakra user john@acme.com" in output
    assert "Ctrl+C" in output
    assert demo.errors == []


@pytest.mark.process
async def test_ctrl_c_exits_with_0_and_no_traceback(tmp_path: Path) -> None:
    """Also while the page is open, which has a stream of events."""
    async with (
        start_python(*DEMO, "--port", "0", environ={}, folder=tmp_path) as demo,
        aiohttp.ClientSession() as session,
    ):
        page = await wait_for_page(demo)
        async with session.get(f"{page}sandbox/events", params={"as": "U0MEI"}) as events:
            assert events.status == 200
            assert await demo.wait_for_exit(signal.SIGINT) == 0
    assert demo.errors == []


@pytest.mark.process
async def test_port_in_use_is_explained_and_exits_1(tmp_path: Path) -> None:
    async with start_python(*DEMO, "--port", "0", environ={}, folder=tmp_path) as demo:
        port = (await wait_for_page(demo)).rstrip("/").rsplit(":", 1)[1]
        status, output, errors = await run_python(
            *DEMO, "--port", port, environ={}, folder=tmp_path
        )
        assert (status, output) == (1, "")
        assert errors.startswith(f"Port {port} is in use.")
        assert "choose another" in errors
        assert await demo.wait_for_exit(signal.SIGTERM) == 0


@pytest.mark.process
@pytest.mark.parametrize("port", ["70000", "http"])
async def test_invalid_port_is_explained_and_exits_2(tmp_path: Path, port: str) -> None:
    status, _, errors = await run_python(*DEMO, f"--port={port}", environ={}, folder=tmp_path)
    assert status == 2
    assert "port" in errors
    assert "Traceback" not in errors


@pytest.mark.process
async def test_environment_proxy_is_ignored(tmp_path: Path) -> None:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY")
    environ = dict.fromkeys(names, "http://127.0.0.1:9")
    for way in ((), ("--socket",)):
        async with start_python(
            *DEMO, "--port", "0", *way, environ=environ, folder=tmp_path
        ) as demo:
            await wait_for_page(demo)
            assert await demo.wait_for_exit(signal.SIGTERM) == 0


# --- without a process ---------------------------------------------------------------------------


async def test_the_page_knows_who_may_send(acme: World) -> None:
    url = f"{acme.slack.base_url}/sandbox/state"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, params={"as": "U0MEI"}) as answer,
    ):
        people = {person["id"]: person["may_send"] for person in (await answer.json())["people"]}
    for person, may_send in people.items():
        channel = acme.slack.workspace.list_channels(person)[0].id
        await acme.type("/chakra send", by=person, channel=channel)
        assert (acme.slack.find_view(person) is not None) == may_send, person


async def test_both_connection_modes_give_the_same_answer(open_sandbox: OpenSandbox) -> None:
    answers = []
    for socket_mode in (False, True):
        async with open_sandbox(socket_mode=socket_mode) as world:
            await world.slack.type("U0MEI", "C0SALES", "/chakra user john@acme.com")
            await world.settle()
            answers.append(collect_text(world.slack.list_messages("U0MEI", "C0SALES")[-1]))
    assert answers[0] == answers[1]
    assert "John Doe" in answers[0]


async def test_demo_suggests_seeded_jobs_numbers_and_a_table() -> None:
    chakra = EmbeddedChakra(clock=ManualClock())
    _, links, lists, records, table, jobs, numbers = build_tips(chakra)
    assert all(line.startswith("/chakra ") for line, _ in (*lists.rows, *records.rows))
    assert links.rows[0][0].startswith("https://app.chakrahq.com/")
    [offered] = table.samples
    assert (offered.name, offered.content) == (
        SAMPLE_TABLE_PATH.name,
        SAMPLE_TABLE_PATH.read_bytes(),
    )
    assert offered.note.startswith("60 leads")
    assert jobs.rows == tuple((job.id, job.description) for job in chakra.jobs)
    assert all(about for _, about in jobs.rows)
    assert len(numbers.rows) == len(chakra.test_numbers)
    await chakra.aclose()
