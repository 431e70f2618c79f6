"""The project's files agree: locks with pyproject.toml, README and manifest.yml with the code."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from bot import manifest
from bot.settings.settings import SETTINGS
from bot.slack.commands.command import Command
from commands import COMMANDS
from tests import readme

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME_LOCK, DEV_LOCK = "requirements.lock", "requirements-dev.lock"

DIRECT_REQUIREMENTS = {
    RUNTIME_LOCK: [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]],
    DEV_LOCK: [
        *PROJECT["project"]["dependencies"],
        *PROJECT["build-system"]["requires"],
        *PROJECT["dependency-groups"]["dev"],
    ],
}


def read_lock(lock: str) -> dict[str, Requirement]:
    """Each package of a lock, by its plain name; its line says ``name==version ; marker``."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    found = [Requirement(line.rstrip(" \\")) for line in lines if re.match(r"[A-Za-z0-9]", line)]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def get_pinned_version(requirement: Requirement) -> Version:
    [specifier] = requirement.specifier
    assert specifier.operator == "=="
    return Version(specifier.version)


@pytest.mark.parametrize("lock", [RUNTIME_LOCK, DEV_LOCK])
def test_lock_pins_every_requirement(lock: str) -> None:
    pins = read_lock(lock)
    for text in DIRECT_REQUIREMENTS[lock]:
        asked = Requirement(text)
        assert get_pinned_version(pins[canonicalize_name(asked.name)]) in asked.specifier, (
            f"{lock}: make lock"
        )


@pytest.mark.parametrize("lock", [RUNTIME_LOCK, DEV_LOCK])
def test_lock_is_complete_and_minimal(lock: str) -> None:
    needed = set(resolve_requirements(DIRECT_REQUIREMENTS[lock]))
    pins = read_lock(lock)
    assert needed <= pins.keys(), "make lock"
    elsewhere = {
        name
        for name, requirement in pins.items()
        if requirement.marker and not requirement.marker.evaluate()
    }
    assert pins.keys() - elsewhere <= needed, "make lock"


def resolve_requirements(requirements: list[str]) -> Iterator[str]:
    """What is asked for, and what that needs in turn, as the packages installed here say."""
    waiting = [Requirement(text) for text in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (requirement.marker and not requirement.marker.evaluate({"extra": ""})) or (
                name,
                extra,
            ) in seen:
                continue
            seen.add((name, extra))
            yield name
            waiting += [
                need for need in list_package_requirements(name) if is_required(need, extra)
            ]


def list_package_requirements(name: str) -> list[Requirement]:
    try:
        return [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed here; `make test` installs all of the lock")


def is_required(need: Requirement, extra: str) -> bool:
    """Whether ``extra`` of a package needs this here. Its marker is settled with that."""
    if need.marker is not None and not need.marker.evaluate({"extra": extra}):
        return False
    need.marker = None
    return True


def test_locks_are_consistent() -> None:
    run, dev = read_lock(RUNTIME_LOCK), read_lock(DEV_LOCK)
    assert {name: str(dev[name]) for name in run} == {
        name: str(requirement) for name, requirement in run.items()
    }


@pytest.mark.parametrize("lock", [RUNTIME_LOCK, DEV_LOCK])
def test_lock_is_fully_hashed_without_urls(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=", "    hash="), re.MULTILINE)
    for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]


def test_readme_tables_match_the_code() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.render_readme(text), "README.md: make fix"


@pytest.mark.parametrize(
    "name",
    [
        *(setting.name for setting in SETTINGS),
        *manifest.list_scopes(),
        *(entry["name"] for entry in manifest.load()["features"]["shortcuts"]),
        *readme.list_metrics(),
        *(f"/chakra {command.name}" for command in COMMANDS),
        *PROJECT["project"]["scripts"],
    ],
)
def test_readme_mentions_it(name: str) -> None:
    is_mentioned = name in readme.README.read_text(encoding="utf-8")
    assert is_mentioned, f"README.md does not mention {name}: make fix, or describe it there"


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_command_has_its_files(name: str) -> None:
    for file in (f"commands/{name}.py", f"tests/commands/test_{name}.py"):
        assert (ROOT / file).is_file(), f"/chakra {name} has no {file}"


OLDER_COMMANDS = {"job", "jobs", "unwatch"}
"""They are older than the changelog."""


@pytest.mark.parametrize("name", sorted({command.name for command in COMMANDS} - OLDER_COMMANDS))
def test_changelog_mentions_every_command(name: str) -> None:
    is_mentioned = f"`/chakra {name}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert is_mentioned, f"say in CHANGELOG.md, under Added, what `/chakra {name}` does for people"


def test_no_file_is_longer_than_400_lines() -> None:
    """A migration is a record, and may be as long as what it records."""
    long = {name for name, text in read_sources() if len(text.splitlines()) > 400}
    assert {name for name in long if "/versions/" not in name} == set(), (
        "move what belongs together to a file of its own"
    )


def test_no_two_classes_of_the_product_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for name, text in read_sources():
        if name.startswith(("bot/", "commands/")) and not name.startswith("bot/sandbox/"):
            for found in re.finditer(r"^class (\w+)", text, re.MULTILINE):
                places.setdefault(found[1], []).append(name)
    assert {name: files for name, files in places.items() if len(files) > 1} == {}, (
        "give each class a name of its own"
    )


BANNED = (
    "afresh",
    "anew",
    "at once",
    "begun",
    "behaviour",
    "by then",
    "catalogue",
    "errand",
    "go on",
    "goes on",
    "in hand",
    "is said",
    "judged",
    "labelled",
    "lately",
    "let go",
    "look after",
    "meanwhile",
    "misspelt",
    "modelled",
    "neighbour",
    "neighbours",
    "no part of",
    "nobody",
    "promise",
    "promises",
    "recognise",
    "recognised",
    "so long",
    "so many",
    "somebody",
    "taken over",
    "told",
    "unfit",
    "whoever",
    "whom",
    "whomever",
)
"""Words that CONTRIBUTING's rules replaced, in prose and in names, and British spellings."""

BANNED_PATTERNS = (
    r"^(?!.*order).*(?<![a-z])on its way(?![a-z])",  # an order may be, as in Meta's example
    r"(?<![a-z])stands(?! for\b)(?![a-z])",
    r'^ *"""of ',  # a fragment: name what it is of
    r"(?<![a-z])for (one|\w+, one|one, \w+) in ",  # the noun: for post in posts
    r"(?<![a-z])people of other(?![a-z])",  # from other companies
    r"(?<!there)(?<!here) (is|are|was|were) no (?!longer|more|one|such|other)[a-z]",  # isn't a
    r"(?<![a-z])(is|are|was|were|be|been) (kept|held)(?! (for|up to|until|back)\b)(?![a-z])",
)
"""Those that have another, honest use."""


REPHRASE = (
    "say it in another way: CONTRIBUTING.md, Naming, has the rules; the words are BANNED and "
    "BANNED_PATTERNS in tests/test_project.py"
)


@pytest.mark.parametrize("word", BANNED)
def test_banned_word_is_nowhere(word: str) -> None:
    spelling = word.replace(" ", r"[\s_]+")
    rarest = max(word.split(), key=len)
    assert find_matches(rf"(?<![a-zA-Z]){spelling}(?![a-zA-Z])", rarest) == [], REPHRASE


@pytest.mark.parametrize("pattern", BANNED_PATTERNS)
def test_banned_phrase_is_nowhere(pattern: str) -> None:
    assert find_matches(pattern) == [], REPHRASE


def find_matches(pattern: str, part: str = "") -> list[str]:
    """Return the file and line of every match, which has ``part`` in it, a word in small letters.

    A migration is a record, and not searched.
    """
    compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    return [
        f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
        for (name, text), small in zip(read_sources(), read_lowercase(), strict=True)
        if "/versions/" not in name and part in small
        for found in compiled.finditer(text)
    ]


@cache
def read_sources() -> tuple[tuple[str, str], ...]:
    """Return the name and the text of every file that the rules of language hold for."""
    folders = ("bot", "commands", "tests")
    files = [path for folder in folders for path in ROOT.glob(f"{folder}/**/*.py")]
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "manifest.yml")]
    return tuple(
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for path in [*files, *pages]
        if path != Path(__file__)
    )


@cache
def read_lowercase() -> tuple[str, ...]:
    """Return the texts of ``sources()`` in small letters: a word is found in them in no time."""
    return tuple(text.lower() for _, text in read_sources())


def test_changelog_begins_with_this_release() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    [first] = re.findall(r"^## .*$", text, re.MULTILINE)[:1]
    assert PROJECT["project"]["version"] in first or "Unreleased" in first


def test_readme_without_markers_is_rejected() -> None:
    with pytest.raises(ValueError, match="must hold <!-- commands -->"):
        readme.render_readme("# Nothing here")


def test_make_help_lists_every_documented_target() -> None:
    output = subprocess.run(
        ["make", "help"],  # noqa: S607 - whichever make is used here
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    listed = set(re.findall(r"^  make ([a-z-]+)", output, re.MULTILINE))
    for file in ("README.md", "CONTRIBUTING.md", ".ci/run"):
        text = (ROOT / file).read_text(encoding="utf-8")
        named = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)", text, re.MULTILINE))
        assert {first or other for first, other in named} <= listed, file


def test_scripts_are_executable() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)


COMMAND_FILES = [
    path for path in sorted((ROOT / "commands").glob("*.py")) if path.stem != "__init__"
]


@pytest.mark.parametrize("path", COMMAND_FILES, ids=lambda path: path.stem)
def test_the_command_of_each_file_is_in_the_product(path: Path) -> None:
    module = importlib.import_module(f"commands.{path.stem}")
    [name] = [name for name, value in vars(module).items() if isinstance(value, Command)]
    assert getattr(module, name) in COMMANDS, (
        f"{name} of commands/{path.name} is not in COMMANDS: import it in commands/__init__.py and "
        "add it to the tuple, at its place in the help."
    )
