"""The console script: its words, and its exit statuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.process import EmbeddedServices, run_python, start_embedded_services

BOT = ("-m", "bot")
DOCTOR = (*BOT, "doctor")


@pytest.fixture
async def services() -> AsyncIterator[EmbeddedServices]:
    async with start_embedded_services() as services:
        yield services


@pytest.mark.process
@pytest.mark.smoke
async def test_doctor_exits_0_when_all_checks_pass(
    services: EmbeddedServices, tmp_path: Path
) -> None:
    environ = services.build_environ(socket_mode=True)
    status, output, errors = await run_python(*DOCTOR, environ=environ, folder=tmp_path)
    assert (status, errors) == (0, "")
    assert output.count("ok    ") == len(output.splitlines()) >= 6


@pytest.mark.process
async def test_doctor_exits_1_on_a_failed_check(services: EmbeddedServices, tmp_path: Path) -> None:
    environ = services.build_environ(CHAKRA_ACCESS_TOKEN="not-the-right-token")
    status, output, errors = await run_python(*DOCTOR, environ=environ, folder=tmp_path)
    assert (status, errors) == (1, "")
    assert "WRONG Chakra token: Chakra rejected CHAKRA_ACCESS_TOKEN." in output
    assert "not-the-right-token" not in output


@pytest.mark.process
async def test_doctor_exits_2_without_settings(tmp_path: Path) -> None:
    status, output, errors = await run_python(*DOCTOR, environ={}, folder=tmp_path)
    assert (status, output) == (2, "")
    assert "SLACK_BOT_TOKEN is missing" in errors


@pytest.mark.process
async def test_settings_can_be_read_from_a_file(services: EmbeddedServices, tmp_path: Path) -> None:
    lines = [f"{name}={value}" for name, value in services.build_environ(socket_mode=True).items()]
    (tmp_path / ".env").write_text("\n".join(lines))
    status, _, errors = await run_python(*DOCTOR, environ={}, folder=tmp_path)
    assert (status, errors) == (0, "")


@pytest.mark.process
async def test_help_lists_the_three_commands(tmp_path: Path) -> None:
    status, output, _ = await run_python(*BOT, "--help", environ={}, folder=tmp_path)
    assert status == 0
    assert all(word in output for word in ("serve", "demo", "doctor"))


@pytest.mark.process
async def test_unknown_command_exits_2(tmp_path: Path) -> None:
    status, _, errors = await run_python(*BOT, "sevre", environ={}, folder=tmp_path)
    assert status == 2
    assert "Traceback" not in errors
