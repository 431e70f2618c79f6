"""The endpoints of Chakra's API that commands reach, as the stories of the commands declare them.

README shows those that Chakra documents. A story that doesn't request what it declares fails
(``tests/commands/conftest.py``), and so does a path of the client that no story declares
(``tests/commands/test_every_endpoint.py``).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import pytest

from tests import commands

PASS_THROUGH = "/v1/ext/plugin/whatsapp/api/{whatsappApiVersion}"
PLUGIN = "/v1/ext/plugin/whatsapp/{pluginId}"
PROCEDURE = "/v1/ext/procedure/{procedureShortId}/process"
JOB = "/v1/ext/background-job/{backgroundJobId}"


@dataclass(frozen=True)
class Endpoint:
    """``client`` is the method below ``Chakra``; ``title`` is Chakra's own, "" if it has none.

    ``reached`` is what a person does.
    """

    address: str
    client: str
    title: str
    reached: str

    @property
    def resource(self) -> str:
        return self.client.partition(".")[0]

    @property
    def path(self) -> str:
        return self.address.partition(" ")[2]


def reaches(address: str, client: str, *, title: str = "", by: str = "") -> pytest.MarkDecorator:
    """Mark a story that requests ``address``, such as "GET /v1/ext/config", by ``config.fetch``.

    An endpoint with the ``title`` that Chakra's documentation gives it is in README's table, with
    ``by``: what a person types or presses.
    """
    return pytest.mark.reaches(Endpoint(address, client, title, by))


@cache
def collect_endpoints() -> tuple[Endpoint, ...]:
    """Return what the stories of the commands declare, by the client's resource and the path."""
    found = {endpoint for module in _import_stories() for endpoint in _iter_declared(module)}
    return tuple(
        sorted(found, key=lambda known: (known.client.split(".")[0], known.path, known.title))
    )


def _import_stories() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(commands.__path__):
        if found.name.startswith("test_"):
            yield importlib.import_module(f"{commands.__name__}.{found.name}")


def _iter_declared(module: ModuleType) -> Iterator[Endpoint]:
    for story in vars(module).values():
        for mark in getattr(story, "pytestmark", ()):
            if mark.name == "reaches":
                yield from mark.args


def iter_endpoint_rows() -> Iterable[tuple[str, str, str, str]]:
    """Yield the rows of README's table."""
    for known in collect_endpoints():
        if known.title:
            yield known.title, f"`{known.address}`", known.reached, f"`{known.client}`"
