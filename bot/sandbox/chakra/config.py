"""``GET /v1/ext/config``: the names behind the team's IDs."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.team import ConfigItem, EmbeddedTeam

EMPTY_KEYS = (
    "entities",
    "derivedAttributes",
    "attributeGroups",
    "pods",
    "forms",
    "formFields",
    "formActionButtons",
    "userProfiles",
    "attributeConfig",
    "skillTypes",
)
"""Documented keys that nothing here fills. That each is an array is INFERRED."""


class ConfigResource:
    def __init__(self, team: EmbeddedTeam) -> None:
        self._team = team

    def build_routes(self) -> list[Route]:
        return [Route("/v1/ext/config", self._fetch, methods=["GET"])]

    async def _fetch(self, _: Request) -> Response:
        return envelope.build_data_response(build_config(self._team))


def build_config(team: EmbeddedTeam) -> dict[str, Any]:
    """Return the configuration as the API shows it."""
    return {
        "team": _dump_item(team.team),
        "procedures": [_dump_item(procedure) for procedure in team.procedures],
        "roles": [_dump_item(role) for role in team.roles],
        "attributeTypes": [_dump_item(kind) for kind in team.attribute_types],
        "attributes": [
            _dump_item(attribute) for attribute in (*team.attributes, *team.task_attributes)
        ],
        "taskTypes": [_dump_item(task_type) for task_type in team.task_types],
        "stateTasks": [_dump_item(task) for task in team.state_tasks],
        **{key: [] for key in EMPTY_KEYS},
    }


def _dump_item(item: ConfigItem) -> dict[str, Any]:
    return item.model_dump(by_alias=True)
