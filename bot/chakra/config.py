"""The team's configuration (contract section 7.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, ValidationInfo, field_validator

from bot.chakra.attributes import Attribute, Procedure
from bot.chakra.fields import objects
from bot.chakra.models import Named, Resource
from bot.chakra.transport.envelope import read
from bot.chakra.transport.http import Http

CONFIG = "/v1/ext/config"

Thing = TypeVar("Thing", bound=Named)


class Team(Named):
    pass


class Role(Named):
    pass


def _things(value: object) -> tuple[object, ...]:
    """Roles, procedures, ...: what is no object at all is left out."""
    return tuple(item for item in objects(value) if isinstance(item, dict | Named))


def _team(value: object) -> object:
    if isinstance(value, list):
        value = next(iter(value), None)
    return value if isinstance(value, dict | Team) else None


class Config(Resource):
    """The team's configuration, as far as it is used. Kept small, since it is cached and the whole
    body may be large: a new use adds its array here.

    That all but `procedures` are arrays, and `team` an object, is INFERRED; other shapes read as
    empty. `attribute_types` are there to name the types of the attributes, which follow them.
    """

    team: Annotated[Team | None, BeforeValidator(_team)] = None
    roles: Annotated[tuple[Role, ...], BeforeValidator(_things)] = ()
    procedures: Annotated[tuple[Procedure, ...], BeforeValidator(_things)] = ()
    attribute_types: Annotated[tuple[Named, ...], BeforeValidator(_things)] = ()
    attributes: Annotated[tuple[Attribute, ...], BeforeValidator(_things)] = ()

    @field_validator("attributes")
    @classmethod
    def _of_named_types(
        cls, attributes: tuple[Attribute, ...], given: ValidationInfo
    ) -> tuple[Attribute, ...]:
        """Those that can be written to, each with the name of its type. Without a short id nothing
        can be: it is the key of `data`."""
        types = given.data.get("attribute_types", ())
        return tuple(
            one.model_copy(update={"type": _type_name(types, one.type)})
            for one in attributes
            if one.short_id and not one.is_deleted
        )

    def team_name(self, reference: str) -> str:
        """The name for a UUID or short id; `reference` itself where it is not known."""
        known = self.team is not None and self.team.is_called(reference)
        return self.team.label if self.team and known else reference

    def role_name(self, reference: str) -> str:
        """Like `team_name`, of a role."""
        role = _called(self.roles, reference)
        return role.label if role else reference

    def procedure(self, reference: str) -> Procedure | None:
        """By UUID or short id."""
        return _called(self.procedures, reference)

    def attributes_of(self, reference: str) -> tuple[Attribute, ...]:
        """What a process of this procedure may hold, each short id once. All attributes there are
        where the configuration does not know the procedure, or not what belongs to it."""
        procedure = self.procedure(reference)
        mine = [one for one in self.attributes if procedure is None or procedure.may_have(one)]
        found: dict[str, Attribute] = {}
        for one in mine or self.attributes:
            found.setdefault(one.short_id, one)
        return tuple(found.values())

    def primary_key_of(self, reference: str) -> Attribute | None:
        """The attribute whose value names one process of this procedure, where it is said."""
        attributes = self.attributes_of(reference)
        procedure = self.procedure(reference)
        if procedure and (named := _called(attributes, procedure.primary_key)):
            return named
        marked = [one for one in attributes if one.primary]
        return marked[0] if len(marked) == 1 else None


def _called(things: Iterable[Thing], reference: str) -> Thing | None:
    return next((one for one in things if one.is_called(reference)), None)


def _type_name(types: Iterable[Named], reference: str) -> str:
    """The short id of the type, such as "text", where there is one: names are for people."""
    found = _called(types, reference)
    return found.short_id or found.label if found else reference


class Configuration:
    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self) -> Config:
        """Names for the UUIDs and short ids of teams and roles, the procedures and their
        attributes. The body may be large: cache it.

        Raises the `ChakraError`s of `Http.get`.
        """
        return read(await self._http.get(CONFIG)).one(Config)
