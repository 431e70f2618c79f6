"""The console script: its words, and its exit statuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.process import StandIns, run, stand_ins

BOT = ("-m", "bot")
DOCTOR = (*BOT, "doctor")


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIns]:
    async with stand_ins() as made:
        yield made


@pytest.mark.process
@pytest.mark.smoke
async def test_the_doctor_ends_with_0_when_all_is_well(stand_in: StandIns, tmp_path: Path) -> None:
    environ = stand_in.environ(socket_mode=True)
    status, said, errors = await run(*DOCTOR, environ=environ, folder=tmp_path)
    assert (status, errors) == (0, "")
    assert said.count("ok    ") == len(said.splitlines()) >= 6


@pytest.mark.process
async def test_the_doctor_ends_with_1_when_something_is_wrong(
    stand_in: StandIns, tmp_path: Path
) -> None:
    environ = stand_in.environ(CHAKRA_ACCESS_TOKEN="not-the-right-token")
    status, said, errors = await run(*DOCTOR, environ=environ, folder=tmp_path)
    assert (status, errors) == (1, "")
    assert "WRONG Chakra token: Chakra rejected CHAKRA_ACCESS_TOKEN." in said
    assert "not-the-right-token" not in said


@pytest.mark.process
async def test_the_doctor_ends_with_2_without_settings(tmp_path: Path) -> None:
    status, said, errors = await run(*DOCTOR, environ={}, folder=tmp_path)
    assert (status, said) == (2, "")
    assert "SLACK_BOT_TOKEN is missing" in errors


@pytest.mark.process
async def test_settings_may_stand_in_a_file(stand_in: StandIns, tmp_path: Path) -> None:
    lines = [f"{name}={value}" for name, value in stand_in.environ(socket_mode=True).items()]
    (tmp_path / ".env").write_text("\n".join(lines))
    status, _, errors = await run(*DOCTOR, environ={}, folder=tmp_path)
    assert (status, errors) == (0, "")


@pytest.mark.process
async def test_help_names_the_three_commands(tmp_path: Path) -> None:
    status, said, _ = await run(*BOT, "--help", environ={}, folder=tmp_path)
    assert status == 0
    assert all(word in said for word in ("serve", "demo", "doctor"))


@pytest.mark.process
async def test_a_command_that_does_not_exist_is_2(tmp_path: Path) -> None:
    status, _, errors = await run(*BOT, "sevre", environ={}, folder=tmp_path)
    assert status == 2
    assert "Traceback" not in errors
