"""A record of the last requests to the embedded Chakra, and exact counts of all."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol, SupportsIndex, overload

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

ANY = "*"
KEPT = 4_000
"""Complete requests in memory: more than any test looks at, and a demo may run for weeks."""
PARAMETER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    ``endpoint`` is the path template ("/v1/ext/user/{id}"), or the path if no route matches. Header
    names are in lower case. ``json`` is None for a body that is not JSON. ``status`` is None until
    the response, and for dropped connections.
    """

    method: str
    path: str
    endpoint: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    json: Any = None
    status: int | None = None


class Addressed(Protocol):
    """What a pattern is matched against."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def endpoint(self) -> str: ...


class Address(NamedTuple):
    """The part of an old request that is kept for the counts."""

    method: str
    path: str
    endpoint: str


Pattern = Callable[[Addressed], bool]


def pattern(text: str) -> Pattern:
    """Parse a pattern: ``"*"``, a template ``"GET /v1/ext/user/{id}"``, or one path.

    The method is optional, and parameter names don't matter.
    """
    method, _, path = text.rpartition(" ")
    wanted = _nameless(path)

    def means(asked: Addressed) -> bool:
        if method not in ("", asked.method):
            return False
        return path == ANY or wanted == _nameless(asked.endpoint) or path == asked.path

    return means


def counting(text: str) -> Pattern:
    """Parse like ``pattern``, but let a template match everything below it too: "/v1/ext"."""
    method, _, path = text.rpartition(" ")
    exact = pattern(text)
    above = _nameless(path).rstrip("/") + "/"

    def means(asked: Addressed) -> bool:
        below = _nameless(asked.endpoint).startswith(above) and method in ("", asked.method)
        return exact(asked) or below

    return means


def template_of(routes: list[BaseRoute], scope: Scope) -> str:
    """Return the matching path template, preferably of a route that has the method."""
    matches = [
        (route.matches(scope)[0], route.path) for route in routes if isinstance(route, Route)
    ]
    for wanted in (Match.FULL, Match.PARTIAL):
        for match, template in matches:
            if match is wanted:
                return template
    return str(scope["path"])


def serves(route: BaseRoute, text: str) -> bool:
    """Return whether ``text`` can match requests for ``route``."""
    method, _, path = text.rpartition(" ")
    if path == ANY:
        return True
    if not isinstance(route, Route) or method not in ("", *(route.methods or ())):
        return False
    return _nameless(route.path) == _nameless(path) or bool(route.path_regex.match(path))


def _nameless(template: str) -> str:
    return PARAMETER.sub("{}", template)


class Requests(Sequence[Asked]):
    """The last ``kept`` requests, in order of arrival. ``clear`` resets the counts too."""

    def __init__(self, kept: int) -> None:
        self._kept: deque[Asked] = deque(maxlen=kept)
        self._forgotten: Counter[Address] = Counter()

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: SupportsIndex) -> Asked: ...

    @overload
    def __getitem__(self, place: slice) -> list[Asked]: ...

    def __getitem__(self, place: SupportsIndex | slice) -> Asked | list[Asked]:
        return list(self._kept)[place]

    def add(self, asked: Asked) -> None:
        if len(self._kept) == self._kept.maxlen:
            oldest = self._kept[0]
            self._forgotten[Address(oldest.method, oldest.path, oldest.endpoint)] += 1
        self._kept.append(asked)

    def change(self, asked: Asked, changed: Asked) -> None:
        """Replace a request, unless it has been dropped already."""
        for place in reversed(range(len(self._kept))):
            if self._kept[place] is asked:
                self._kept[place] = changed
                return

    def ever(self, text: str) -> int:
        """Return how many requests matched a pattern (see ``counting``), dropped ones included."""
        means = counting(text)
        before = sum(times for address, times in self._forgotten.items() if means(address))
        return before + sum(means(asked) for asked in self._kept)

    def clear(self) -> None:
        self._kept.clear()
        self._forgotten.clear()


@dataclass(slots=True)
class _Watch:
    means: Pattern
    missing: int
    seen: asyncio.Event


class Traffic:
    """The requests in order of arrival, and a way to wait for them."""

    def __init__(self, kept: int = KEPT) -> None:
        self.requests = Requests(kept)
        self._watches: list[_Watch] = []

    def arrived(self, asked: Asked) -> None:
        self.requests.add(asked)
        for watch in self._watches:
            if watch.means(asked):
                watch.missing -= 1
                if watch.missing <= 0:
                    watch.seen.set()

    def answered(self, asked: Asked, status: int) -> None:
        self.requests.change(asked, replace(asked, status=status))

    def count(self, text: str) -> int:
        return self.requests.ever(text)

    async def until(self, number: int, text: str) -> None:
        missing = number - self.count(text)
        if missing <= 0:
            return
        watch = _Watch(counting(text), missing, asyncio.Event())
        self._watches.append(watch)
        try:
            await watch.seen.wait()
        finally:
            self._watches.remove(watch)
