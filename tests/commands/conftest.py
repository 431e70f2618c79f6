"""Every story of a command ends with a look at what Slack refused, or only just took, and at
whether Chakra was asked what the story is marked with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.sandbox.chakra.request_log import parse_endpoint
from tests.world import World


@pytest.fixture(autouse=True)
def _check_exchanges(request: pytest.FixtureRequest) -> Iterator[None]:
    acme: World | None = None
    if "acme" in request.fixturenames:
        acme = request.getfixturevalue("acme")
    yield
    if acme is not None:
        assert acme.slack.rejections == []
        assert acme.slack.warnings == []
    for mark in request.node.iter_markers("reaches"):
        assert acme is not None, "only a story with the fixture acme reaches an endpoint"
        [endpoint] = mark.args
        assert any(map(parse_endpoint(endpoint.address), acme.chakra.requests)), (
            f"the story is marked with @reaches, but it did not request {endpoint.address}"
        )
