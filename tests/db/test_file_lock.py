"""A SQLite file has one process, by whatever name the second one opens it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.db.engine import open_database
from bot.db.file_lock import hold_file_lock, resolve_file
from bot.durable.database import workflow_database
from bot.errors import DatabaseLocked

OPEN = """
import asyncio, sys
from bot.db.engine import open_database
from bot.errors import DatabaseLocked
async def main():
    try:
        async with open_database(sys.argv[1]):
            print("open", flush=True)
            await asyncio.to_thread(sys.stdin.read)
    except DatabaseLocked:
        print("locked", flush=True)
asyncio.run(main())
"""


@asynccontextmanager
async def open_elsewhere(url: str) -> AsyncIterator[bytes]:
    """Open a database in another process until the block ends; yield what came of it."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OPEN, url, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        yield await child.stdout.readline()
    finally:
        await child.communicate(b"")


def build_aliases(file: Path) -> dict[str, str]:
    """Return other addresses of an existing file."""
    folder = file.parent
    (folder.parent / "linked-folder").symlink_to(folder)
    (folder / "link.db").symlink_to(file)
    (folder / "link-of-link.db").symlink_to(folder / "link.db")
    (folder / "relative-link.db").symlink_to(file.name)
    os.link(file, folder.parent / "hard-link.db")
    return {
        "the same path": f"sqlite:///{file}",
        "a link": f"sqlite:///{folder / 'link.db'}",
        "a link of a link": f"sqlite:///{folder / 'link-of-link.db'}",
        "a relative link": f"sqlite:///{folder / 'relative-link.db'}",
        "a linked folder": f"sqlite:///{folder.parent / 'linked-folder' / file.name}",
        "a hard link": f"sqlite:///{folder.parent / 'hard-link.db'}",
        "a relative path": f"sqlite:///{os.path.relpath(file)}",
        "a path with dots": f"sqlite:///{folder}/../{folder.name}/./{file.name}",
        "a path with two slashes": f"sqlite:///{folder}//{file.name}",
        "a URI": f"sqlite:///file:{file}?uri=true",
        "a URI of a link": f"sqlite:///file:{folder / 'link.db'}?uri=true",
    }


async def test_a_second_process_is_rejected_by_whatever_name_it_opens_the_file(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    file = folder / "bot.db"
    async with open_elsewhere(f"sqlite:///{file}") as result:
        assert result == b"open\n"
        for name, url in build_aliases(file).items():
            with pytest.raises(DatabaseLocked, match="Another process"):
                async with open_database(url):
                    pytest.fail(name)


async def test_a_process_that_opened_a_link_locks_the_file(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    link = tmp_path / "bot.db"
    link.symlink_to(tmp_path / "data" / "bot.db")  # which does not exist yet
    async with open_elsewhere(f"sqlite:///{link}") as result:
        assert result == b"open\n"
        with pytest.raises(DatabaseLocked):
            async with open_database(f"sqlite:///{tmp_path / 'data' / 'bot.db'}"):
                pass
    async with open_database(f"sqlite:///{tmp_path / 'data' / 'bot.db'}"):
        pass


async def test_a_lock_survives_everything_that_sqlite_closes(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    async with open_database(f"sqlite:///{file}") as database:
        for _ in range(3):
            await database.check()
            await database._engine.dispose()
        os.link(file, tmp_path / "hard-link.db")
        async with open_elsewhere(f"sqlite:///{tmp_path / 'hard-link.db'}") as result:
            assert result == b"locked\n"


def test_the_locks_of_two_files_do_not_meet(tmp_path: Path) -> None:
    with hold_file_lock(str(tmp_path / "one.db")), hold_file_lock(str(tmp_path / "two.db")):
        pass


def test_a_link_and_its_file_have_the_same_database_of_chains(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    link = tmp_path / "bot.db"
    link.symlink_to(tmp_path / "data" / "bot.db")
    with (
        workflow_database(f"sqlite:///{link}") as by_link,
        workflow_database(f"sqlite:///{tmp_path / 'data' / 'bot.db'}") as by_path,
    ):
        assert by_link() == by_path()


def test_a_link_to_itself_is_no_crash(tmp_path: Path) -> None:
    loop = tmp_path / "loop.db"
    loop.symlink_to(loop)
    assert resolve_file(make_url(f"sqlite:///{loop}"))
