"""Procedures and their attributes, as the configuration names them: what a lead may hold.

All but that `procedures` is an array of objects with an `id` is INFERRED. Which keys tie an
attribute to a procedure is UNKNOWN; the usual ones are read, and where none of them stands there
an attribute may belong to any procedure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from bot.chakra.fields import Flag, Reference, to_items, to_reference
from bot.chakra.models import NamedResource

_PROCEDURE_FIELDS = ("procedure", "procedures", "procedureId", "procedureIds", "procedureShortId")
_ENTITY_FIELDS = ("entity", "entities", "entityId", "entityIds", "entityShortId")
_ATTRIBUTE_FIELDS = ("attributes", "attributeIds", "attributeShortIds")
_PRIMARY_KEY_FIELDS = (
    "primaryKey",
    "primaryKeyShortId",
    "primaryKeyAttribute",
    "primaryAttribute",
    "primaryKeyAttributeId",
)
_TYPE_FIELDS = ("type", "attributeType", "dataType", "attributeTypeId")
_REQUIRED_FIELDS = ("isRequired", "required", "isMandatory", "mandatory")
_IS_PRIMARY_FIELDS = ("isPrimaryKey", "primaryKey", "isPrimary")


def _parse_references(value: object) -> tuple[str, ...]:
    """One, or several in an array or an object."""
    if isinstance(value, Mapping) and (single := to_reference(value)):
        return (single,)
    items = to_items(value) if isinstance(value, list | tuple | Mapping) else (value,)
    return tuple(dict.fromkeys(found for found in map(to_reference, items) if found))


References = Annotated[tuple[str, ...], BeforeValidator(_parse_references)]


class Attribute(NamedResource):
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
    def _normalize_fields(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        ours = {
            "type": _first_value(value, _TYPE_FIELDS),
            "required": _first_value(value, _REQUIRED_FIELDS),
            "primary": _first_value(value, _IS_PRIMARY_FIELDS),
            "procedures": _merge_references(value, _PROCEDURE_FIELDS),
            "entities": _merge_references(value, _ENTITY_FIELDS),
        }
        return value | ours


class Procedure(NamedResource):
    """A sort of process. `primary_key` refers to an attribute; `attributes` and `entities` are what
    it says it has. Each is empty where nothing is said."""

    primary_key: Reference = ""
    is_deleted: Flag = None
    attributes: References = Field(default=(), repr=False)
    entities: References = Field(default=(), repr=False)

    @model_validator(mode="before")
    @classmethod
    def _normalize_fields(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        ours = {
            "primaryKey": _first_value(value, (*_PRIMARY_KEY_FIELDS, "primary_key")),
            "attributes": _merge_references(value, _ATTRIBUTE_FIELDS),
            "entities": _merge_references(value, _ENTITY_FIELDS),
        }
        return value | ours

    def may_have(self, attribute: Attribute) -> bool:
        """Whether nothing says that `attribute` belongs elsewhere."""
        if self.attributes:
            listed = any(attribute.matches(one) for one in self.attributes)
            return listed or any(self.matches(one) for one in attribute.procedures)
        if attribute.procedures:
            return any(self.matches(one) for one in attribute.procedures)
        if attribute.entities and self.entities:
            return not set(attribute.entities).isdisjoint(self.entities)
        return True


def _first_value(value: Mapping[str, object], names: Iterable[str]) -> object:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _merge_references(value: Mapping[str, object], names: Iterable[str]) -> tuple[str, ...]:
    found = (one for name in names for one in _parse_references(value.get(name)))
    return tuple(dict.fromkeys(found))
