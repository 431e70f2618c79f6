"""``GET /v1/ext/config``: the names behind the team's IDs."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.team import Named, Team

UNUSED = (
    "entities",
    "derivedAttributes",
    "attributeGroups",
    "pods",
    "taskTypes",
    "forms",
    "formFields",
    "formActionButtons",
    "stateTasks",
    "userProfiles",
    "attributeConfig",
    "skillTypes",
)
"""Documented keys that nothing here fills. That each is an array is INFERRED."""


class ConfigResource:
    def __init__(self, team: Team) -> None:
        self._team = team

    def routes(self) -> list[Route]:
        return [Route("/v1/ext/config", self._fetch, methods=["GET"])]

    async def _fetch(self, _: Request) -> Response:
        return envelope.data(self._body())

    def _body(self) -> dict[str, Any]:
        return {
            "team": _named(self._team.team),
            "procedures": [_named(procedure) for procedure in self._team.procedures],
            "roles": [_named(role) for role in self._team.roles],
            "attributeTypes": [_named(one) for one in self._team.attribute_types],
            "attributes": [_named(one) for one in self._team.attributes],
            **{key: [] for key in UNUSED},
        }


def _named(item: Named) -> dict[str, Any]:
    return item.model_dump(by_alias=True)
