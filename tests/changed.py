"""What `make check` runs of the stories that need a world: those beside the files that changed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePath

ROOT = Path(__file__).parent.parent
BASES = ("@{upstream}", "origin/main", "main")
"""What a change is compared with: the first that exists."""


def list_changed_files() -> list[str]:
    """Return the files that differ from the base, or are new; none outside a Git checkout."""
    known = next(
        (base for base in BASES if _run_git("rev-parse", "--verify", "--quiet", base)), "HEAD"
    )
    start = _run_git("merge-base", "HEAD", known) or ["HEAD"]
    new = _run_git("ls-files", "--others", "--exclude-standard")
    return [*_run_git("diff", "--name-only", start[0]), *new]


def is_beside(test_file: str, changed: Iterable[str]) -> bool:
    """Return whether a test file changed, or is about a file that did."""
    return any(_is_about(PurePath(test_file), PurePath(name)) for name in changed)


def _is_about(test_file: PurePath, changed: PurePath) -> bool:
    if changed.suffix == ".md" or changed == test_file:
        return changed == test_file
    top, *folders = changed.parent.parts or ("",)
    if top == "tests":  # what the tests of a folder share
        return bool(folders) and not changed.name.startswith("test_") and _is_in(test_file, folders)
    if top == "commands" or (top == "bot" and not folders):
        folder = PurePath("tests", *(() if top == "bot" else (top,)))
        name = changed.stem
        return test_file.parent == folder and f"{test_file.stem}_".startswith(f"test_{name}_")
    return top == "bot" and _is_in(test_file, folders)


def _is_in(test_file: PurePath, folders: list[str]) -> bool:
    return test_file.is_relative_to(PurePath("tests", *folders))


def _run_git(*arguments: str) -> list[str]:
    """Return the lines of Git's answer; none if it has no answer."""
    command = ("git", "-C", str(ROOT), *arguments)
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - Git
    except OSError:
        return []
    return ran.stdout.splitlines() if ran.returncode == 0 else []
