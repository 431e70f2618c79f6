"""Every endpoint that the client knows is reached by a person, as the commands' stories declare."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import bot.chakra
from bot.sandbox.slack import collect_text
from tests.endpoints import Endpoint, collect_endpoints
from tests.people import JOHN
from tests.world import World

NAMED_BY_ANSWERS = {
    "/v1/ext/photo/{photoId}/content",
    "/v1/ext/background-job/{backgroundJobId}/entries/{page}",
}
"""Paths that are requested only if Chakra's answers name them."""


def test_each_path_of_the_client_is_reached_by_a_story() -> None:
    paths = {
        value
        for module in pkgutil.iter_modules(bot.chakra.__path__)
        for name, value in vars(importlib.import_module(f"bot.chakra.{module.name}")).items()
        if name.endswith("_PATH") and isinstance(value, str)
    }
    known = {_mask_parameters(endpoint.path) for endpoint in collect_endpoints()}
    assert {path for path in paths if _mask_parameters(path) not in known} == NAMED_BY_ANSWERS, (
        'mark a story of the command that needs it: @reaches("GET /the/path", "noun.method"), '
        "of tests/endpoints.py; with the title and what a person types if Chakra documents it"
    )


def _mask_parameters(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


@pytest.mark.parametrize("endpoint", collect_endpoints(), ids=lambda endpoint: endpoint.address)
def test_a_documented_endpoint_says_what_a_person_does(endpoint: Endpoint) -> None:
    assert bool(endpoint.title) == bool(endpoint.reached), (
        f"{endpoint.address}: @reaches takes both title and by, or neither"
    )


async def test_lines_of_the_table_are_understood(acme: World) -> None:
    typed = dict.fromkeys(
        line
        for endpoint in collect_endpoints()
        for line in re.findall(r"`(/chakra [^`<]+)`", endpoint.reached)
    )
    assert typed
    for line in typed:
        await acme.type(line)
        view = acme.slack.find_view(JOHN)
        shown = collect_text(view or acme.find_shown())
        assert not re.search("I don't know|no records? |isn't|Not understood", shown), line
        if view is not None:
            await acme.slack.close_view(JOHN)
