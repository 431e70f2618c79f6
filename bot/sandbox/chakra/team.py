"""The made-up team as Config knows it: roles, procedures, their attributes (``team.json``)."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

SEED = Path(__file__).with_name("team.json")


class Named(BaseModel):
    """An object of Config. Its keys ``id``, ``shortId`` and ``name`` are INFERRED."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    id: str
    short_id: str
    name: str


class Attribute(Named):
    """``attribute_type`` and ``procedure`` are ids. Their keys are INFERRED from those of other
    references, and so is that an attribute names its procedure. Which attribute is the primary key
    is not said here, nor which are required: nothing tells that Config says so."""

    attribute_type: str
    procedure: str


class Team(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    team: Named
    roles: tuple[Named, ...]
    procedures: tuple[Named, ...]
    attribute_types: tuple[Named, ...]
    attributes: tuple[Attribute, ...]

    def role_id(self, short_id: str) -> str:
        """The UUID of a role. A role that Config does not list has one too, the same each time."""
        if not short_id:
            return ""
        return self._role_ids.get(short_id) or str(uuid5(UUID(self.team.id), short_id))

    @cached_property
    def _role_ids(self) -> dict[str, str]:
        return {role.short_id: role.id for role in self.roles}


def read_team() -> Team:
    return Team.model_validate_json(SEED.read_bytes())
