"""The made-up team as Config describes it: roles, procedures, attributes (``team.json``)."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

SEED_PATH = Path(__file__).with_name("team.json")


class ConfigItem(BaseModel):
    """An object of Config. Its keys ``id``, ``shortId`` and ``name`` are INFERRED."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    id: str
    short_id: str
    name: str


class ConfigAttribute(ConfigItem):
    """An attribute; ``attribute_type`` and ``procedure`` are IDs.

    Their keys are INFERRED from those of other references, as is the procedure of an attribute.
    Config isn't known to name the primary key or the required attributes.
    """

    attribute_type: str
    procedure: str


class ConfigStateTask(ConfigItem):
    """A task that a process may have; ``task_type`` and ``procedure`` are IDs. All INFERRED."""

    task_type: str
    procedure: str


class ConfigTaskAttribute(ConfigItem):
    """An attribute of tasks. That it names its task type is INFERRED."""

    attribute_type: str
    task_type: str


class EmbeddedTeam(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    team: ConfigItem
    roles: tuple[ConfigItem, ...]
    procedures: tuple[ConfigItem, ...]
    attribute_types: tuple[ConfigItem, ...]
    attributes: tuple[ConfigAttribute, ...]
    task_types: tuple[ConfigItem, ...]
    state_tasks: tuple[ConfigStateTask, ...]
    task_attributes: tuple[ConfigTaskAttribute, ...]

    def find_role_id(self, short_id: str) -> str:
        """Return the UUID of a role; a role that Config doesn't list has a stable one too."""
        if not short_id:
            return ""
        return self._role_ids.get(short_id) or str(uuid5(UUID(self.team.id), short_id))

    @cached_property
    def _role_ids(self) -> dict[str, str]:
        return {role.short_id: role.id for role in self.roles}


@cache
def load_team() -> EmbeddedTeam:
    return EmbeddedTeam.model_validate_json(SEED_PATH.read_bytes())
