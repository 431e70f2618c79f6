"""Procedures and their attributes, from the configuration (API.md, Configuration).

Everything is INFERRED, except that ``procedures`` is an array of objects with an ``id``. Which keys
relate an attribute to a procedure is UNKNOWN: the usual ones are read, and an attribute without any
of them may belong to every procedure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from bot.chakra.fields import Flag, Reference, to_items, to_reference, to_text
from bot.chakra.models import NamedResource, Resource

_PROCEDURE_FIELDS = ("procedure", "procedures", "procedureId", "procedureIds", "procedureShortId")
_ENTITY_FIELDS = ("entity", "entities", "entityId", "entityIds", "entityShortId")
_ATTRIBUTE_FIELDS = ("attributes", "attributeIds", "attributeShortIds")
_TASK_TYPE_FIELDS = (
    "taskType", "taskTypes", "taskTypeId", "taskTypeIds", "taskTypeShortId",
    "stateTask", "stateTasks", "stateTaskId", "stateTaskIds", "stateTaskShortId",
)  # fmt: skip
_STATE_FIELDS = ("state", "states", "stateId", "stateIds", "stateShortId")
_PRIMARY_KEY_FIELDS = (
    "primaryKey",
    "primaryKeyShortId",
    "primaryKeyAttribute",
    "primaryAttribute",
    "primaryKeyAttributeId",
    "primary_key",
)
_TYPE_FIELDS = ("type", "attributeType", "dataType", "attributeTypeId")
_REQUIRED_FIELDS = ("isRequired", "required", "isMandatory", "mandatory")
_PHOTO_TYPE = re.compile(r"photo|image|picture")
_CHOICE_FIELDS = ("options", "choices", "allowedValues", "possibleValues", "enumValues", "values")
_OWN_STATE_FIELDS = ("states", "stateShortIds")
_MULTIPLE_FIELDS = ("isMultiple", "multiple", "isMulti", "allowMultiple")
_IS_PRIMARY_FIELDS = ("isPrimaryKey", "primaryKey", "isPrimary", "primary")


def _parse_references(value: object) -> tuple[str, ...]:
    """Return the references of a single value, an array or an object."""
    if value is None:  # of most keys that are looked for
        return ()
    if isinstance(value, Mapping) and (single := to_reference(value)):
        return (single,)
    items = to_items(value) if isinstance(value, list | tuple | Mapping) else (value,)
    return tuple(dict.fromkeys(reference for item in items if (reference := to_reference(item))))


References = Annotated[tuple[str, ...], BeforeValidator(_parse_references)]


class AttributeChoice(Resource):
    """A value that an attribute may have: ``value`` is stored, ``label`` is for people."""

    value: str
    label: str = ""


def _parse_choices(value: object) -> tuple[AttributeChoice, ...]:
    choices = map(_parse_choice, to_items(value))
    by_value = {choice.value: choice for choice in choices if choice.value}
    return tuple(by_value.values())


def _parse_choice(item: object) -> AttributeChoice:
    if isinstance(item, AttributeChoice):
        return item
    if not isinstance(item, Mapping):
        return AttributeChoice(value=to_text(item))
    values = (to_text(item.get(key)) for key in ("value", "shortId", "key", "name", "label", "id"))
    labels = (to_text(item.get(key)) for key in ("label", "name", "displayName", "text"))
    value = next(filter(None, values), "")
    return AttributeChoice(value=value, label=next(filter(None, labels), ""))


AttributeChoices = Annotated[tuple[AttributeChoice, ...], BeforeValidator(_parse_choices)]


Aliases = Mapping[str, Sequence[str]]
"""Key of a field -> the keys under which it is looked for."""


class _AliasedResource(NamedResource):
    """An object whose keys are not known for sure.

    Of ``key_aliases`` the first that has a value counts; what ``reference_aliases`` refer to is
    merged.
    """

    key_aliases: ClassVar[Aliases] = {}
    reference_aliases: ClassVar[Aliases] = {}

    @model_validator(mode="before")
    @classmethod
    def _normalize_keys(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        single = {key: _find_first_value(value, names) for key, names in cls.key_aliases.items()}
        merged = {
            key: _merge_references(value, names) for key, names in cls.reference_aliases.items()
        }
        return value | single | merged


class Attribute(_AliasedResource):
    """An attribute of processes.

    ``short_id`` is its key in the ``data`` of a process. ``type`` is a name, or a UUID or short ID
    that the configuration does not resolve, or "". ``required`` and ``primary`` are ``None`` if
    Chakra does not say. ``procedures``, ``entities`` and ``task_types`` are those that it belongs
    to. ``choices`` are the values that it may have, none if any is possible.
    """

    key_aliases: ClassVar[Aliases] = {
        "type": _TYPE_FIELDS,
        "required": _REQUIRED_FIELDS,
        "choices": _CHOICE_FIELDS,
        "multiple": _MULTIPLE_FIELDS,
        "primary": _IS_PRIMARY_FIELDS,
    }
    reference_aliases: ClassVar[Aliases] = {
        "procedures": _PROCEDURE_FIELDS,
        "entities": _ENTITY_FIELDS,
        "taskTypes": _TASK_TYPE_FIELDS,
    }

    type: Reference = ""
    required: Flag = None
    primary: Flag = None
    is_deleted: Flag = None
    procedures: References = Field(default=(), repr=False)
    entities: References = Field(default=(), repr=False)
    task_types: References = Field(default=(), repr=False)
    choices: AttributeChoices = ()
    multiple: Flag = None

    @property
    def is_of_tasks_alone(self) -> bool:
        """Whether it is known to belong to tasks, and to nothing else."""
        return bool(self.task_types) and not self.procedures and not self.entities

    @property
    def is_photo(self) -> bool:
        """Whether its value is a photo's ID. The names of types are INFERRED."""
        return bool(_PHOTO_TYPE.search(self.type.casefold()))


class Procedure(_AliasedResource):
    """A type of process.

    ``primary_key`` refers to an attribute, ``attributes`` and ``entities`` are those that it lists;
    each is empty if Chakra does not say. ``states`` are short IDs: whether Chakra says them is
    UNKNOWN.
    """

    key_aliases: ClassVar[Aliases] = {
        "states": _OWN_STATE_FIELDS,
        "primaryKey": _PRIMARY_KEY_FIELDS,
    }
    reference_aliases: ClassVar[Aliases] = {
        "attributes": _ATTRIBUTE_FIELDS,
        "entities": _ENTITY_FIELDS,
    }

    primary_key: Reference = ""
    is_deleted: Flag = None
    attributes: References = Field(default=(), repr=False)
    entities: References = Field(default=(), repr=False)
    states: References = Field(default=(), repr=False)

    def may_have(self, attribute: Attribute) -> bool:
        """Return whether the attribute is not known to belong to other procedures only."""
        if attribute.is_of_tasks_alone:
            return any(attribute.matches(reference) for reference in self.attributes)
        if self.attributes:
            is_listed = any(attribute.matches(reference) for reference in self.attributes)
            return is_listed or any(map(self.matches, attribute.procedures))
        if attribute.procedures:
            return any(map(self.matches, attribute.procedures))
        if attribute.entities and self.entities:
            return not set(attribute.entities).isdisjoint(self.entities)
        return True


class TaskKind(_AliasedResource):
    """A type of task, or a task of a state (``stateTasks``), whose short ID creates a task.

    ``procedures``, ``states`` and ``task_types`` are those that it refers to, ``attributes`` those
    that it lists; each is empty if Chakra does not say.
    """

    reference_aliases: ClassVar[Aliases] = {
        "procedures": _PROCEDURE_FIELDS,
        "states": _STATE_FIELDS,
        "taskTypes": _TASK_TYPE_FIELDS,
        "attributes": _ATTRIBUTE_FIELDS,
    }

    is_deleted: Flag = None
    procedures: References = Field(default=(), repr=False)
    states: References = Field(default=(), repr=False)
    task_types: References = Field(default=(), repr=False)
    attributes: References = Field(default=(), repr=False)


def _find_first_value(value: Mapping[str, object], names: Iterable[str]) -> object:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _merge_references(value: Mapping[str, object], names: Iterable[str]) -> tuple[str, ...]:
    references = (reference for name in names for reference in _parse_references(value.get(name)))
    return tuple(dict.fromkeys(references))
