"""The page of what is known of Chakra's API names every endpoint that the client calls."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from bot import chakra

FOLDER = Path(chakra.__path__[0])
PATHS = sorted(
    {
        value
        for found in iter_modules([str(FOLDER)], "bot.chakra.")
        for name, value in vars(import_module(found.name)).items()
        if name.endswith("_PATH") and isinstance(value, str)
    }
)


@pytest.mark.parametrize("path", PATHS)
def test_the_page_names_every_endpoint(path: str) -> None:
    page = (FOLDER / "API.md").read_text(encoding="utf-8")
    assert f"{path}`" in page, "describe the endpoint in bot/chakra/API.md, with its mark"


def test_every_resource_of_the_client_has_an_endpoint() -> None:
    client = (FOLDER / "client.py").read_text(encoding="utf-8")
    resources = [line.split()[1] for line in client.splitlines() if line.endswith("Api")]
    for resource in resources:
        named = [name for name in vars(import_module(resource)) if name.endswith("_PATH")]
        assert named, f"name the paths of {resource} …_PATH, so that they are checked"
