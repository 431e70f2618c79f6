"""What a person does reaches each endpoint of README's table, as the commands' stories show.

Such a story is marked with the endpoint's title, ``@pytest.mark.reaches("Create Process")``, and
fails if it does not request it (tests/commands/conftest.py).
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import tests.commands
from bot.sandbox.chakra.faults import MissingField
from bot.sandbox.slack import visible_text
from tests.commands import test_process
from tests.endpoints import ENDPOINTS, PROCEDURE
from tests.people import JOHN
from tests.world import World


def marked_titles() -> Iterator[str]:
    """Yield the titles that the stories of this folder are marked with."""
    for module in pkgutil.iter_modules(tests.commands.__path__, "tests.commands."):
        if not module.name.startswith("tests.commands.test_"):
            continue
        for name, story in vars(importlib.import_module(module.name)).items():
            if name.startswith("test_"):
                marks = getattr(story, "pytestmark", [])
                yield from (mark.args[0] for mark in marks if mark.name == "reaches")


def test_a_story_reaches_each_endpoint() -> None:
    assert set(marked_titles()) == {endpoint.title for endpoint in ENDPOINTS}


@pytest.fixture
def without_ids(acme: World) -> World:
    """Chakra gives records no ID, only their primary key."""
    acme.chakra.fail(f"GET {PROCEDURE}/{{processId}}", MissingField("_data.id"))
    acme.chakra.fail(f"POST {PROCEDURE}/list", MissingField("_data.id"))
    return acme


@pytest.mark.reaches("Update Process By Primary Key")
async def test_record_without_an_id_is_updated_by_its_key(without_ids: World) -> None:
    await test_process.test_edit_shows_what_changes_before_it_is_saved(without_ids)


@pytest.mark.reaches("Delete Process By Primary Key Value")
async def test_record_without_an_id_is_deleted_by_its_key(without_ids: World) -> None:
    await test_process.test_delete_needs_the_key(without_ids)


async def test_lines_of_the_table_are_understood(acme: World) -> None:
    typed = dict.fromkeys(
        line
        for endpoint in ENDPOINTS
        for line in re.findall(r"`(/chakra [^`<]+)`", endpoint.reached)
    )
    for line in typed:
        await acme.type(line)
        view = acme.slack.view(JOHN)
        shown = visible_text(view or acme.shown())
        assert not re.search("I don't know|no records? |isn't|Not understood", shown), line
        if view is not None:
            await acme.slack.close_view(JOHN)
