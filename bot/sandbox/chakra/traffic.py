"""What was asked of the embedded Chakra: a record of each request, and patterns over them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

ANY = "*"
PARAMETER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. ``endpoint`` is the path template ("/v1/ext/user/{id}"), or the path where no
    route has it; header names are in lower case; ``json`` is None for a body that is not JSON;
    ``status`` is None until the answer is given, and stays None when the connection was dropped."""

    method: str
    path: str
    endpoint: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    json: Any = None
    status: int | None = None


Pattern = Callable[[Asked], bool]


def pattern(text: str) -> Pattern:
    """Which requests ``text`` means: ``"*"`` all, ``"/v1/ext/user/{id}"`` a template,
    ``"/v1/ext/user/a91b..."`` one path, each with or without a method in front ("PUT /v1/...").
    The name of a parameter does not matter."""
    method, _, path = text.rpartition(" ")
    wanted = _nameless(path)

    def means(asked: Asked) -> bool:
        if method not in ("", asked.method):
            return False
        return path == ANY or wanted == _nameless(asked.endpoint) or path == asked.path

    return means


def counting(text: str) -> Pattern:
    """Like ``pattern``, and a template stands for all that lie below it as well: "/v1/ext"."""
    method, _, path = text.rpartition(" ")
    exact = pattern(text)
    above = _nameless(path).rstrip("/") + "/"

    def means(asked: Asked) -> bool:
        below = _nameless(asked.endpoint).startswith(above) and method in ("", asked.method)
        return exact(asked) or below

    return means


def template_of(routes: list[BaseRoute], scope: Scope) -> str:
    """A route that takes the method goes before one that has the path alone."""
    matches = [
        (route.matches(scope)[0], route.path) for route in routes if isinstance(route, Route)
    ]
    for wanted in (Match.FULL, Match.PARTIAL):
        for match, template in matches:
            if match is wanted:
                return template
    return str(scope["path"])


def serves(route: BaseRoute, text: str) -> bool:
    """Whether the pattern ``text`` can mean requests for ``route``."""
    method, _, path = text.rpartition(" ")
    if path == ANY:
        return True
    if not isinstance(route, Route) or method not in ("", *(route.methods or ())):
        return False
    return _nameless(route.path) == _nameless(path) or bool(route.path_regex.match(path))


def _nameless(template: str) -> str:
    return PARAMETER.sub("{}", template)


class Traffic:
    """The requests in order of arrival, and a way to wait for them."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self._arrival = asyncio.Event()

    def arrived(self, asked: Asked) -> None:
        self.requests.append(asked)
        self._arrival.set()
        self._arrival = asyncio.Event()

    def answered(self, asked: Asked, status: int) -> None:
        """A test may have emptied the list meanwhile."""
        for place in reversed(range(len(self.requests))):
            if self.requests[place] is asked:
                self.requests[place] = replace(asked, status=status)
                return

    def count(self, text: str) -> int:
        means = counting(text)
        return sum(means(asked) for asked in self.requests)

    async def until(self, number: int, text: str) -> None:
        while self.count(text) < number:
            await self._arrival.wait()
