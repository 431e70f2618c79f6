"""`make check` runs the stories beside what changed."""

from __future__ import annotations

import pytest

from tests.changed import is_beside, list_changed_files


@pytest.mark.parametrize(
    ("changed", "test_file"),
    [
        ("commands/user.py", "tests/commands/test_user.py"),
        ("commands/user.py", "tests/commands/test_user_outages.py"),
        ("bot/jobs/watcher.py", "tests/jobs/test_killed.py"),
        ("bot/chakra/transport/http.py", "tests/chakra/transport/test_policies.py"),
        ("bot/application.py", "tests/test_application.py"),
        ("tests/jobs/test_killed.py", "tests/jobs/test_killed.py"),
        ("tests/commands/send_scenarios.py", "tests/commands/test_send.py"),
    ],
)
def test_a_test_file_is_beside_what_it_is_about(changed: str, test_file: str) -> None:
    assert is_beside(test_file, ["README.md", changed])


@pytest.mark.parametrize(
    "changed",
    [
        "README.md",
        "bot/chakra/API.md",
        "pyproject.toml",
        "commands/users.py",
        "commands/__init__.py",
        "bot/context.py",
        "bot/jobs/watcher.py",
        "tests/commands/test_users.py",
        "tests/world.py",
    ],
)
def test_a_test_file_is_not_beside_other_files(changed: str) -> None:
    assert not is_beside("tests/commands/test_user.py", [changed])


def test_changed_files_are_in_this_project() -> None:
    assert not [name for name in list_changed_files() if name.startswith(("/", ".."))]
