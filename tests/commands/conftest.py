"""Every story of a command ends with a look at what Slack refused, or only just took."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world import World


@pytest.fixture(autouse=True)
def _assert_no_slack_rejections(request: pytest.FixtureRequest) -> Iterator[None]:
    acme: World | None = None
    if "acme" in request.fixturenames:
        acme = request.getfixturevalue("acme")
    yield
    if acme is not None:
        assert acme.slack.rejections == []
        assert acme.slack.warnings == []
