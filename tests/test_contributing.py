"""CONTRIBUTING agrees with the code: its folder table, and the files that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from commands import COMMANDS
from tests.conftest import OpenSandbox

ROOT = Path(__file__).parents[1]
EXAMPLES = ("commands/plan.py", "tests/commands/test_plan.py")
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_folder_table_names_every_package_of_the_bot_and_no_other() -> None:
    packages = {path.parent.name for path in (ROOT / "bot").glob("*/__init__.py")}
    named = set(re.findall(r"^\| `bot/(\w+)/` \|", TEXT, re.MULTILINE))
    assert named == packages, "update the table of folders in CONTRIBUTING.md"


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:bot|commands|tests)/[\w/.]+)`", TEXT)))
)
def test_the_files_that_it_names_exist(path: str) -> None:
    assert path in EXAMPLES or (ROOT / path).exists()


async def test_the_command_that_it_shows_works(open_sandbox: OpenSandbox) -> None:
    command, stories = load_examples()
    async with open_sandbox((*COMMANDS, command.PLAN)) as acme:
        names = [name for name in vars(stories) if name.startswith("test_")]
        for name in names:
            await getattr(stories, name)(acme)
    assert len(names) == 3


def load_examples() -> Iterator[ModuleType]:
    """Yield a module for each block of Python on the page."""
    for name, code in zip(
        EXAMPLES, re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL), strict=True
    ):
        module = ModuleType(Path(name).stem)
        exec(compile(code, name, "exec"), vars(module))  # noqa: S102 - our own page
        yield module
