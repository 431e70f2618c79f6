"""CONTRIBUTING agrees with the code: its folder table, and the files that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ("commands/plan.py", "tests/commands/test_plan.py")
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_folder_table_names_every_package_of_the_bot_and_no_other() -> None:
    packages = {path.parent.name for path in (ROOT / "bot").glob("*/__init__.py")}
    named = set(re.findall(r"^\| `bot/(\w+)/` \|", TEXT, re.MULTILINE))
    assert named == packages, "update the folder table in CONTRIBUTING.md"


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:bot|commands|tests)/[\w/.]+)`", TEXT)))
)
def test_the_files_that_it_names_exist(path: str) -> None:
    assert path in EXAMPLES or (ROOT / path).exists()
