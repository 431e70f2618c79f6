"""The page of what is known of Chakra's API names every endpoint that the client calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chakra import (
    chats,
    config,
    health,
    jobs,
    media,
    messages,
    numbers,
    photos,
    processes,
    tasks,
    templates,
    users,
)

PAGE = Path(config.__file__).with_name("API.md")
RESOURCES = (
    chats,
    config,
    health,
    jobs,
    media,
    messages,
    numbers,
    photos,
    processes,
    tasks,
    templates,
    users,
)
PATHS = sorted(
    {
        value
        for module in RESOURCES
        for name, value in vars(module).items()
        if name.endswith("_PATH") and isinstance(value, str)
    }
)


@pytest.mark.parametrize("path", PATHS)
def test_the_page_names_every_endpoint(path: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert f"{path}`" in page


def test_every_resource_is_checked() -> None:
    client = Path(config.__file__).with_name("client.py").read_text(encoding="utf-8")
    imported = {line.split()[1] for line in client.splitlines() if line.endswith("Api")}
    assert imported == {module.__name__ for module in RESOURCES}
