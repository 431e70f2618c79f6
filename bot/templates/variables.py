"""What a template asks for, as the fields of a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.chakra.template import Button, Template, Variable

MEDIA, FILE, FILENAME, CODE = "media", "file", "filename", "otp"
LATITUDE, LONGITUDE = "latitude", "longitude"
PLACE, ADDRESS = "location_name", "location_address"
VARIABLE = "var_"
"""What the keys of variables begin with."""

_SORTS: Mapping[str, str] = {"IMAGE": "picture", "VIDEO": "video", "DOCUMENT": "document"}


class Kind(StrEnum):
    TEXT = "text"
    SUFFIX = "suffix"
    """The end of a button's address."""
    COUPON = "coupon"
    CODE = "code"
    LINK = "link"
    FILE = "file"
    """An upload; either it or the LINK is given."""
    DEGREES = "degrees"


@dataclass(frozen=True, slots=True)
class Field:
    """``key`` is the field's ``block_id`` and the name of its value: ``var_body_1``,
    ``var_header_first_name``, ``var_button_0_1``, ``media``. ``label`` and ``example`` are plain
    text from outside."""

    key: str
    label: str
    example: str = ""
    kind: Kind = Kind.TEXT
    optional: bool = False


def fields(template: Template) -> tuple[Field, ...]:
    """In the order header, body, buttons; each key once."""
    if template.one_time_code:
        return (Field(CODE, "One-time code", kind=Kind.CODE),)
    found = [*_header(template), *(_field(template, one) for one in blanks(template))]
    return tuple({field.key: field for field in found}.values())


def blanks(template: Template) -> tuple[Variable, ...]:
    """The template's variables, each once. Of a component that is there twice, as Meta never has
    it, what belongs to no button of the template is left out."""
    count = len(template.buttons)
    found = (one for one in template.variables if one.component != "button" or one.button < count)
    return tuple({key_of(one): one for one in found}.values())


def key_of(variable: Variable) -> str:
    place = f"button_{variable.button}" if variable.component == "button" else variable.component
    return f"{VARIABLE}{place}_{variable.name}"


def meant(wanted: Sequence[Field], typed: str) -> Field | None:
    """The field that ``1=…`` or ``first_name=…`` of a typed line means: by its key, by its key
    without ``var_``, or by its variable, of the body before others."""
    name = typed.strip().lower()
    by_key = {field.key.lower(): field for field in wanted}
    bare = (f"{VARIABLE}{part}{name}" for part in ("", "body_", "header_"))
    for key in (name, *bare):
        if key in by_key:
            return by_key[key]
    buttons = [
        key for key in by_key if key.startswith(f"{VARIABLE}button_") and key.endswith(f"_{name}")
    ]
    return by_key[buttons[0]] if len(buttons) == 1 else None


def of(template: Template, component: str, values: Mapping[str, str]) -> dict[str, str]:
    """Variable -> value, of "header" or "body", as far as they are filled in."""
    if template.one_time_code:
        return {"1": values[CODE]} if component == "body" and values.get(CODE) else {}
    return _given((one for one in blanks(template) if one.component == component), values)


def of_button(template: Template, place: int, values: Mapping[str, str]) -> dict[str, str]:
    """The same of one button, by its place among all, from 0."""
    mine = (one for one in blanks(template) if one.component == "button" and one.button == place)
    return _given(mine, values)


def _given(variables: Iterator[Variable], values: Mapping[str, str]) -> dict[str, str]:
    return {one.name: value for one in variables if (value := values.get(key_of(one), ""))}


def _header(template: Template) -> Iterator[Field]:
    if template.media:
        sort = _SORTS[template.media]
        yield Field(MEDIA, f"Link to the {sort}", kind=Kind.LINK, optional=True)
        yield Field(FILE, f"Or upload the {sort}", kind=Kind.FILE, optional=True)
    if template.location:
        yield Field(LATITUDE, "Latitude", "12.9716", Kind.DEGREES)
        yield Field(LONGITUDE, "Longitude", "77.5946", Kind.DEGREES)
        yield Field(PLACE, "Name of the place", optional=True)
        yield Field(ADDRESS, "Address of the place", optional=True)


def _field(template: Template, variable: Variable) -> Field:
    if variable.component == "button":
        return _of_button(variable, template.buttons[variable.button])
    where = " in the heading" if variable.component == "header" else ""
    return Field(key_of(variable), _called(variable.name) + where, variable.example)


def _of_button(variable: Variable, button: Button) -> Field:
    if button.type == "COPY_CODE":
        return Field(key_of(variable), "Coupon code", variable.example, Kind.COUPON)
    label = f"End of the link of “{button.text}”" if button.text else "End of the link"
    return Field(key_of(variable), label, variable.example, Kind.SUFFIX)


def _called(name: str) -> str:
    """``‹1›``; ``First name`` of ``first_name``."""
    return f"‹{name}›" if name.isdigit() else name.replace("_", " ").strip().capitalize() or name
