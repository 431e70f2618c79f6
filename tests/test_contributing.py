"""CONTRIBUTING agrees with the code: its folder table, and the files that it names."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import SecretStr

from bot.cache import Cache
from bot.chakra.client import Chakra
from commands import COMMANDS
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.sandbox.chakra_client import serve_chakra

ROOT = Path(__file__).parents[1]
EXAMPLES = (
    "commands/plan.py",
    "tests/commands/test_plan.py",
    "bot/sandbox/chakra/hours.py",
    "bot/chakra/hours.py",
    "bot/messages/business_hours.py",
)
IMAGINED = (*EXAMPLES, "commands/hours.py", "tests/commands/test_hours.py")
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_folder_table_names_every_package_of_the_bot_and_no_other() -> None:
    packages = {path.parent.name for path in (ROOT / "bot").glob("*/__init__.py")}
    named = set(re.findall(r"^\| `bot/(\w+)/` \|", TEXT, re.MULTILINE))
    assert named == packages, "update the table of folders in CONTRIBUTING.md"


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for top in ("bot", "commands") for path in (ROOT / top).rglob("*.py")}
    without = [str(folder.relative_to(ROOT)) for folder in folders if not _is_package(folder)]
    assert without == [], "add an __init__.py whose docstring says what the folder holds"


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:bot|commands|tests)/[\w/.]+)`", TEXT)))
)
def test_the_files_that_it_names_exist(path: str) -> None:
    assert path in IMAGINED or (ROOT / path).exists()


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, ...]:
    """Return a module for each block of Python on the page; later ones import earlier ones."""
    modules = []
    for path, code in zip(
        EXAMPLES, re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL), strict=True
    ):
        module = ModuleType(path.removesuffix(".py").replace("/", "."))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(code, path, "exec"), vars(module))  # noqa: S102 - our own page
        modules.append(module)
    return tuple(modules)


async def test_the_command_that_it_shows_works(
    open_sandbox: OpenSandbox, examples: tuple[ModuleType, ...]
) -> None:
    command, stories, *_ = examples
    async with open_sandbox((*COMMANDS, command.PLAN)) as acme:
        names = [name for name in vars(stories) if name.startswith("test_")]
        for name in names:
            await getattr(stories, name)(acme)
    assert len(names) == 3


async def test_the_data_that_it_shows_is_read_through_the_cache(
    clock: ManualClock, examples: tuple[ModuleType, ...]
) -> None:
    *_, stand_in, client, feature = examples
    registered = re.search(r"`\*HoursResource\(\)\.(\w+)\(\),`", TEXT)
    assert registered, "the page says how the stand-in's routes are added"
    async with (
        serve_chakra(clock) as server,
        Chakra(server.base_url, SecretStr(server.access_token), clock) as chakra,
    ):
        build_routes = getattr(stand_in.HoursResource(), registered[1])
        server._routes.router.routes.extend(build_routes())
        hours = feature.BusinessHours(client.HoursApi(chakra._http), Cache(clock))
        for _ in range(2):
            found = await hours.read()
            assert (found.value.opens_at, found.value.closes_at) == ("09:00", "18:00")
        assert server.count(f"GET {client.HOURS_PATH}") == 1
