"""Procedures and their attributes, as the configuration names them: what a lead may hold.

All but that `procedures` is an array of objects with an `id` is INFERRED. Which keys tie an
attribute to a procedure is UNKNOWN; the usual ones are read, and where none of them stands there
an attribute may belong to any procedure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from bot.chakra.fields import Flag, Reference, objects, reference
from bot.chakra.models import Named

_PROCEDURES = ("procedure", "procedures", "procedureId", "procedureIds", "procedureShortId")
_ENTITIES = ("entity", "entities", "entityId", "entityIds", "entityShortId")
_LISTED = ("attributes", "attributeIds", "attributeShortIds")
_KEYS = (
    "primaryKey",
    "primaryKeyShortId",
    "primaryKeyAttribute",
    "primaryAttribute",
    "primaryKeyAttributeId",
)
_TYPES = ("type", "attributeType", "dataType", "attributeTypeId")
_REQUIRED = ("isRequired", "required", "isMandatory", "mandatory")
_PRIMARY = ("isPrimaryKey", "primaryKey", "isPrimary")


def _references(value: object) -> tuple[str, ...]:
    """One, or several in an array or an object."""
    if isinstance(value, Mapping) and (one := reference(value)):
        return (one,)
    many = objects(value) if isinstance(value, list | tuple | Mapping) else (value,)
    return tuple(dict.fromkeys(found for found in map(reference, many) if found))


References = Annotated[tuple[str, ...], BeforeValidator(_references)]


class Attribute(Named):
    """`short_id` is its key in the `data` of a process. `type` is a name, or a UUID or short id
    that the configuration does not explain; "" where none is given. `required` and `primary` are
    None where nothing is said. `procedures` and `entities` are what it says it belongs to."""

    type: Reference = ""
    required: Flag = None
    primary: Flag = None
    is_deleted: Flag = None
    procedures: References = Field(default=(), repr=False)
    entities: References = Field(default=(), repr=False)

    @model_validator(mode="before")
    @classmethod
    def _under_our_names(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        ours = {
            "type": _first(value, _TYPES),
            "required": _first(value, _REQUIRED),
            "primary": _first(value, _PRIMARY),
            "procedures": _together(value, _PROCEDURES),
            "entities": _together(value, _ENTITIES),
        }
        return value | ours


class Procedure(Named):
    """A sort of process. `primary_key` refers to an attribute; `attributes` and `entities` are what
    it says it has. Each is empty where nothing is said."""

    primary_key: Reference = ""
    is_deleted: Flag = None
    attributes: References = Field(default=(), repr=False)
    entities: References = Field(default=(), repr=False)

    @model_validator(mode="before")
    @classmethod
    def _under_our_names(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        ours = {
            "primaryKey": _first(value, (*_KEYS, "primary_key")),
            "attributes": _together(value, _LISTED),
            "entities": _together(value, _ENTITIES),
        }
        return value | ours

    def may_have(self, attribute: Attribute) -> bool:
        """Whether nothing says that `attribute` belongs elsewhere."""
        if self.attributes:
            listed = any(attribute.is_called(one) for one in self.attributes)
            return listed or any(self.is_called(one) for one in attribute.procedures)
        if attribute.procedures:
            return any(self.is_called(one) for one in attribute.procedures)
        if attribute.entities and self.entities:
            return not set(attribute.entities).isdisjoint(self.entities)
        return True


def _first(value: Mapping[str, object], names: Iterable[str]) -> object:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _together(value: Mapping[str, object], names: Iterable[str]) -> tuple[str, ...]:
    found = (one for name in names for one in _references(value.get(name)))
    return tuple(dict.fromkeys(found))
