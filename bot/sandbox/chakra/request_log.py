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

ANY_ENDPOINT = "*"
MAX_RECORDED_REQUESTS = 4_000
"""Complete requests in memory: more than any test inspects, and a demo may run for weeks."""
PATH_PARAMETER_PATTERN = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
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


class HasEndpoint(Protocol):
    """The part that a pattern is matched against."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def endpoint(self) -> str: ...


class EndpointKey(NamedTuple):
    """The part of an old request that is stored for the counts."""

    method: str
    path: str
    endpoint: str


EndpointMatcher = Callable[[HasEndpoint], bool]


def parse_endpoint(endpoint: str) -> EndpointMatcher:
    """Parse a pattern: ``"*"``, a template ``"GET /v1/ext/user/{id}"``, or one path.

    The method is optional, and parameter names don't matter.
    """
    method, _, path = endpoint.rpartition(" ")
    wanted = _strip_parameter_names(path)

    def matches(asked: HasEndpoint) -> bool:
        if method not in ("", asked.method):
            return False
        return (
            path == ANY_ENDPOINT
            or wanted == _strip_parameter_names(asked.endpoint)
            or path == asked.path
        )

    return matches


def parse_subtree(endpoint: str) -> EndpointMatcher:
    """Parse like ``pattern``, but let a template match everything below it too: "/v1/ext"."""
    method, _, path = endpoint.rpartition(" ")
    exact = parse_endpoint(endpoint)
    above = _strip_parameter_names(path).rstrip("/") + "/"

    def matches(asked: HasEndpoint) -> bool:
        below = _strip_parameter_names(asked.endpoint).startswith(above) and method in (
            "",
            asked.method,
        )
        return exact(asked) or below

    return matches


def find_template(routes: list[BaseRoute], scope: Scope) -> str:
    """Return the matching path template, preferably of a route that has the method."""
    matches = [
        (route.matches(scope)[0], route.path) for route in routes if isinstance(route, Route)
    ]
    for wanted in (Match.FULL, Match.PARTIAL):
        for match, template in matches:
            if match is wanted:
                return template
    return str(scope["path"])


def match_route(route: BaseRoute, endpoint: str) -> bool:
    """Return whether ``text`` can match requests for ``route``."""
    method, _, path = endpoint.rpartition(" ")
    if path == ANY_ENDPOINT:
        return True
    if not isinstance(route, Route) or method not in ("", *(route.methods or ())):
        return False
    return _strip_parameter_names(route.path) == _strip_parameter_names(path) or bool(
        route.path_regex.match(path)
    )


def _strip_parameter_names(template: str) -> str:
    return PATH_PARAMETER_PATTERN.sub("{}", template)


class RecordedRequests(Sequence[RecordedRequest]):
    """The last requests, in order of arrival. ``clear`` resets the counts too."""

    def __init__(self, max_requests: int) -> None:
        self._requests: deque[RecordedRequest] = deque(maxlen=max_requests)
        self._evicted_counts: Counter[EndpointKey] = Counter()

    def __len__(self) -> int:
        return len(self._requests)

    @overload
    def __getitem__(self, place: SupportsIndex) -> RecordedRequest: ...

    @overload
    def __getitem__(self, place: slice) -> list[RecordedRequest]: ...

    def __getitem__(self, place: SupportsIndex | slice) -> RecordedRequest | list[RecordedRequest]:
        return list(self._requests)[place]

    def add(self, request: RecordedRequest) -> None:
        if len(self._requests) == self._requests.maxlen:
            oldest = self._requests[0]
            self._evicted_counts[EndpointKey(oldest.method, oldest.path, oldest.endpoint)] += 1
        self._requests.append(request)

    def replace(self, request: RecordedRequest, replacement: RecordedRequest) -> None:
        """Replace a request, unless it has been dropped already."""
        for place in reversed(range(len(self._requests))):
            if self._requests[place] is request:
                self._requests[place] = replacement
                return

    def count_all(self, endpoint: str) -> int:
        """Return how many requests matched a pattern (see ``counting``), dropped ones included."""
        means = parse_subtree(endpoint)
        before = sum(times for address, times in self._evicted_counts.items() if means(address))
        return before + sum(means(asked) for asked in self._requests)

    def clear(self) -> None:
        self._requests.clear()
        self._evicted_counts.clear()


@dataclass(slots=True)
class _CountWaiter:
    matches: EndpointMatcher
    remaining: int
    reached: asyncio.Event


class RequestLog:
    """The requests in order of arrival, and a way to wait for them."""

    def __init__(self, max_requests: int = MAX_RECORDED_REQUESTS) -> None:
        self.requests = RecordedRequests(max_requests)
        self._waiters: list[_CountWaiter] = []

    def record(self, request: RecordedRequest) -> None:
        self.requests.add(request)
        for watch in self._waiters:
            if watch.matches(request):
                watch.remaining -= 1
                if watch.remaining <= 0:
                    watch.reached.set()

    def record_status(self, request: RecordedRequest, status: int) -> None:
        self.requests.replace(request, replace(request, status=status))

    def count(self, endpoint: str) -> int:
        return self.requests.count_all(endpoint)

    async def wait_for_count(self, expected: int, endpoint: str) -> None:
        missing = expected - self.count(endpoint)
        if missing <= 0:
            return
        watch = _CountWaiter(parse_subtree(endpoint), missing, asyncio.Event())
        self._waiters.append(watch)
        try:
            await watch.reached.wait()
        finally:
            self._waiters.remove(watch)
