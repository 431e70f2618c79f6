"""The team's configuration (API.md, Configuration)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, ValidationInfo, field_validator

from bot.chakra.attributes import Attribute, Procedure, TaskKind
from bot.chakra.fields import to_items
from bot.chakra.models import NamedResource, Resource
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.http import Http

CONFIG_PATH = "/v1/ext/config"

NamedT = TypeVar("NamedT", bound=NamedResource)


class ChakraTeam(NamedResource):
    """The team that the access token belongs to."""


class ChakraRole(NamedResource):
    """A role of the team's users."""


def _parse_named_objects(value: object) -> tuple[object, ...]:
    """Return the objects of an array; other elements are dropped."""
    return tuple(item for item in to_items(value) if isinstance(item, dict | NamedResource))


def _parse_team(value: object) -> object:
    if isinstance(value, list):
        value = next(iter(value), None)
    return value if isinstance(value, dict | ChakraTeam) else None


NamedObjects = Annotated[tuple[NamedResource, ...], BeforeValidator(_parse_named_objects)]
TaskKinds = Annotated[tuple[TaskKind, ...], BeforeValidator(_parse_named_objects)]


class Config(Resource):
    """The part of the team's configuration that is used. The rest is dropped, since it is cached.

    That the keys other than ``procedures`` are arrays, and ``team`` an object, is INFERRED; other
    shapes are read as empty. ``attribute_types`` name the types of the attributes, so they are
    parsed before those.
    """

    team: Annotated[ChakraTeam | None, BeforeValidator(_parse_team)] = None
    roles: Annotated[tuple[ChakraRole, ...], BeforeValidator(_parse_named_objects)] = ()
    procedures: Annotated[tuple[Procedure, ...], BeforeValidator(_parse_named_objects)] = ()
    attribute_types: NamedObjects = ()
    attributes: Annotated[tuple[Attribute, ...], BeforeValidator(_parse_named_objects)] = ()
    pods: NamedObjects = ()
    task_types: TaskKinds = ()
    state_tasks: TaskKinds = ()
    entities: NamedObjects = ()

    @field_validator("attributes")
    @classmethod
    def _resolve_types(
        cls, attributes: tuple[Attribute, ...], info: ValidationInfo
    ) -> tuple[Attribute, ...]:
        """Return the attributes that can be written, each with the name of its type.

        Those without a short ID cannot, since it is the key of ``data``.
        """
        types = info.data.get("attribute_types", ())
        return tuple(
            attribute.model_copy(update={"type": _find_type_name(types, attribute.type)})
            for attribute in attributes
            if attribute.short_id and not attribute.is_deleted
        )

    def find_team_name(self, reference: str) -> str:
        """Return the name for a UUID or short ID; the reference itself if it is unknown."""
        known = self.team is not None and self.team.matches(reference)
        return self.team.label if self.team and known else reference

    def find_role_name(self, reference: str) -> str:
        """Return the name of a role, like ``find_team_name``."""
        role = _find_by_reference(self.roles, reference)
        return role.label if role else reference

    def find_label(self, reference: str) -> str:
        """Return the name of the object with this UUID, "" if there is none."""
        teams = (self.team,) if self.team else ()
        named: tuple[Iterable[NamedResource], ...] = (
            teams,
            self.roles,
            self.procedures,
            self.pods,
            self.task_types,
            self.state_tasks,
            self.entities,
            self.attributes,
        )
        found = (item for items in named for item in items if item.id == reference)
        return next((item.label for item in found), "")

    def find_procedure(self, reference: str) -> Procedure | None:
        """Return the procedure with this UUID or short ID, or ``None``."""
        return _find_by_reference(self.procedures, reference)

    def list_attributes(self, reference: str) -> tuple[Attribute, ...]:
        """Return the attributes that a process of this procedure may have, each short ID once.

        Return all attributes if the configuration does not have the procedure, or does not relate
        any attribute to it.
        """
        procedure = self.find_procedure(reference)
        candidates = [
            attribute
            for attribute in self.attributes
            if procedure is None or procedure.may_have(attribute)
        ]
        usable = [attribute for attribute in self.attributes if not attribute.is_of_tasks_alone]
        return _deduplicate_by_short_id(candidates or usable)

    def list_task_kinds(self, reference: str) -> tuple[TaskKind, ...]:
        """Return the tasks that a process of this procedure may have, each short ID once.

        They are ``stateTasks``; the task types, if there are none. Those of other procedures are
        left out.
        """
        procedure = self.find_procedure(reference)
        known = (*self.state_tasks, *(() if self.state_tasks else self.task_types))
        return _deduplicate_by_short_id(
            kind
            for kind in known
            if kind.short_id
            and not kind.is_deleted
            and (
                procedure is None
                or not kind.procedures
                or any(map(procedure.matches, kind.procedures))
            )
        )

    def list_task_attributes(self, kind: TaskKind) -> tuple[Attribute, ...]:
        """Return the attributes that are related to a kind of task, or to its type.

        Return () if the configuration relates none to it.
        """
        types = [
            task_type
            for task_type in self.task_types
            if any(map(task_type.matches, kind.task_types))
        ]
        related = (kind, *types)
        listed = {reference for related_kind in related for reference in related_kind.attributes}
        return _deduplicate_by_short_id(
            attribute
            for attribute in self.attributes
            if any(map(attribute.matches, listed))
            or any(
                related_kind.matches(name)
                for related_kind in related
                for name in attribute.task_types
            )
        )

    def find_primary_key(self, reference: str) -> Attribute | None:
        """Return the attribute whose value identifies a process of this procedure, or ``None``."""
        attributes = self.list_attributes(reference)
        procedure = self.find_procedure(reference)
        if procedure and (named := _find_by_reference(attributes, procedure.primary_key)):
            return named
        marked = [attribute for attribute in attributes if attribute.primary]
        return marked[0] if len(marked) == 1 else None


def _deduplicate_by_short_id(items: Iterable[NamedT]) -> tuple[NamedT, ...]:
    by_short_id: dict[str, NamedT] = {}
    for item in items:
        by_short_id.setdefault(item.short_id, item)
    return tuple(by_short_id.values())


def _find_by_reference(items: Iterable[NamedT], reference: str) -> NamedT | None:
    return next((item for item in items if item.matches(reference)), None)


def _find_type_name(types: Iterable[NamedResource], reference: str) -> str:
    """Return the short ID of the type, such as "text", else its name: names are for people."""
    known_type = _find_by_reference(types, reference)
    return known_type.short_id or known_type.label if known_type else reference


class ConfigApi:
    """The configuration endpoint."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self) -> Config:
        """Return the configuration. The body may be large: cache it.

        Raise the errors of ``Http.get``.
        """
        return parse_envelope(await self._http.get(CONFIG_PATH)).parse_data(Config)
