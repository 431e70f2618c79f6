"""The team's configuration (contract section 7.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, ValidationInfo, field_validator

from bot.chakra.attributes import Attribute, Procedure
from bot.chakra.fields import to_items
from bot.chakra.models import NamedResource, Resource
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.http import Http

CONFIG_PATH = "/v1/ext/config"

NamedT = TypeVar("NamedT", bound=NamedResource)


class ChakraTeam(NamedResource):
    pass


class ChakraRole(NamedResource):
    pass


def _parse_named_objects(value: object) -> tuple[object, ...]:
    """Roles, procedures, ...: what is no object at all is left out."""
    return tuple(item for item in to_items(value) if isinstance(item, dict | NamedResource))


def _parse_team(value: object) -> object:
    if isinstance(value, list):
        value = next(iter(value), None)
    return value if isinstance(value, dict | ChakraTeam) else None


class Config(Resource):
    """The team's configuration, as far as it is used. Kept small, since it is cached and the whole
    body may be large: a new use adds its array here.

    That all but `procedures` are arrays, and `team` an object, is INFERRED; other shapes read as
    empty. `attribute_types` are there to name the types of the attributes, which follow them.
    """

    team: Annotated[ChakraTeam | None, BeforeValidator(_parse_team)] = None
    roles: Annotated[tuple[ChakraRole, ...], BeforeValidator(_parse_named_objects)] = ()
    procedures: Annotated[tuple[Procedure, ...], BeforeValidator(_parse_named_objects)] = ()
    attribute_types: Annotated[
        tuple[NamedResource, ...], BeforeValidator(_parse_named_objects)
    ] = ()
    attributes: Annotated[tuple[Attribute, ...], BeforeValidator(_parse_named_objects)] = ()

    @field_validator("attributes")
    @classmethod
    def _resolve_types(
        cls, attributes: tuple[Attribute, ...], info: ValidationInfo
    ) -> tuple[Attribute, ...]:
        """Those that can be written to, each with the name of its type. Without a short id nothing
        can be: it is the key of `data`."""
        types = info.data.get("attribute_types", ())
        return tuple(
            one.model_copy(update={"type": _type_name(types, one.type)})
            for one in attributes
            if one.short_id and not one.is_deleted
        )

    def team_name(self, reference: str) -> str:
        """The name for a UUID or short id; `reference` itself where it is not known."""
        known = self.team is not None and self.team.matches(reference)
        return self.team.label if self.team and known else reference

    def role_name(self, reference: str) -> str:
        """Like `team_name`, of a role."""
        role = _find_by_reference(self.roles, reference)
        return role.label if role else reference

    def find_procedure(self, reference: str) -> Procedure | None:
        """By UUID or short id."""
        return _find_by_reference(self.procedures, reference)

    def attributes_of(self, reference: str) -> tuple[Attribute, ...]:
        """What a process of this procedure may hold, each short id once. All attributes there are
        where the configuration does not know the procedure, or not what belongs to it."""
        procedure = self.find_procedure(reference)
        candidates = [
            one for one in self.attributes if procedure is None or procedure.may_have(one)
        ]
        found: dict[str, Attribute] = {}
        for one in candidates or self.attributes:
            found.setdefault(one.short_id, one)
        return tuple(found.values())

    def primary_key_of(self, reference: str) -> Attribute | None:
        """The attribute whose value names one process of this procedure, where it is said."""
        attributes = self.attributes_of(reference)
        procedure = self.find_procedure(reference)
        if procedure and (named := _find_by_reference(attributes, procedure.primary_key)):
            return named
        marked = [one for one in attributes if one.primary]
        return marked[0] if len(marked) == 1 else None


def _find_by_reference(items: Iterable[NamedT], reference: str) -> NamedT | None:
    return next((one for one in items if one.matches(reference)), None)


def _type_name(types: Iterable[NamedResource], reference: str) -> str:
    """The short id of the type, such as "text", where there is one: names are for people."""
    found = _find_by_reference(types, reference)
    return found.short_id or found.label if found else reference


class ConfigApi:
    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self) -> Config:
        """Names for the UUIDs and short ids of teams and roles, the procedures and their
        attributes. The body may be large: cache it.

        Raises the `ChakraError`s of `Http.get`.
        """
        return parse_envelope(await self._http.get(CONFIG_PATH)).parse_data(Config)
