"""The values that a template needs, as the fields of a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.chakra.template import (
    VARIABLE_PATTERN,
    Button,
    ComponentHolder,
    Template,
    Variable,
)

MEDIA, FILE, FILENAME, CODE = "media", "file", "filename", "otp"
LATITUDE, LONGITUDE = "latitude", "longitude"
LOCATION_NAME, LOCATION_ADDRESS = "location_name", "location_address"
EXPIRATION = "expiration"
"""The end of a limited-time offer, in epoch seconds."""
MAX_AROUND_LENGTH = 40
"""Characters of the words before a numbered variable in its label, and of those after it."""
VARIABLE_PREFIX = "var_"
"""The prefix of the keys of variables."""

_MEDIA_NOUNS: Mapping[str, str] = {"IMAGE": "Picture", "VIDEO": "Video", "DOCUMENT": "Document"}


class FieldKind(StrEnum):
    TEXT = "text"
    URL_SUFFIX = "suffix"
    """The end of a button's link."""
    COUPON = "coupon"
    CODE = "code"
    LINK = "link"
    FILE = "file"
    """An upload, instead of the LINK."""
    FILENAME = "filename"
    """The name that the recipient sees for a document."""
    COORDINATE = "degrees"
    MOMENT = "moment"
    """A date and time, in epoch seconds."""
    PRODUCT = "product"
    """The ID of a product of the catalog."""


@dataclass(frozen=True, slots=True)
class TemplateField:
    """One input of the form.

    ``key`` is the field's ``block_id`` and the name of its value, such as ``var_body_1``,
    ``var_header_first_name``, ``var_button_0_1``, ``media``, ``var_card_0_body_1`` or
    ``card_0_media``. ``label`` and ``example`` are unescaped text from Chakra. ``media_format`` is
    that of the header that takes a LINK or FILE. ``short_label`` is for lists, ``‹1›`` for one.
    """

    key: str
    label: str
    example: str = ""
    kind: FieldKind = FieldKind.TEXT
    optional: bool = False
    media_format: str = ""
    short_label: str = ""

    @property
    def name(self) -> str:
        """The label for lists and sentences."""
        return self.short_label or self.label


def list_template_fields(template: Template) -> tuple[TemplateField, ...]:
    """Return the fields in the order header, body, offer, buttons, cards; each key once."""
    if template.is_one_time_code:
        return (TemplateField(CODE, "One-time code", kind=FieldKind.CODE),)
    variables = list_template_variables(template)
    found = [*_iter_header_fields(template)]
    found += [
        _build_variable_field(template, variable) for variable in variables if variable.card is None
    ]
    if template.offer is not None and template.offer.has_expiration:
        found.append(TemplateField(EXPIRATION, "The offer ends", kind=FieldKind.MOMENT))
    for number, card in enumerate(template.cards):
        found += _iter_media_fields(card.media_format, number)
        found += [
            _build_variable_field(template, item) for item in variables if item.card == number
        ]
    return tuple({field.key: field for field in found}.values())


def list_media_keys(card: int | None = None) -> tuple[str, str]:
    """Return the keys of the link and of the file of the header, or of that of a card."""
    prefix = "" if card is None else f"card_{card}_"
    return f"{prefix}{MEDIA}", f"{prefix}{FILE}"


def is_file_key(key: str) -> bool:
    """Return whether the key is that of a file field, of the header or of a card."""
    return key == FILE or (key.startswith("card_") and key.endswith(f"_{FILE}"))


def list_media_pairs(template: Template) -> tuple[tuple[str, str, str], ...]:
    """Return the keys of link and file, and the format, of each header that takes a file."""
    holders: list[tuple[int | None, ComponentHolder]] = [(None, template)]
    holders += enumerate(template.cards)
    return tuple(
        (*list_media_keys(card), holder.media_format)
        for card, holder in holders
        if holder.media_format
    )


def find_button(template: Template, variable: Variable) -> Button:
    """Return the button of a variable, which may be on a card."""
    holder = template if variable.card is None else template.cards[variable.card]
    return holder.buttons[variable.button_index]


def list_template_variables(template: Template) -> tuple[Variable, ...]:
    """Return the template's variables, each once, without those of buttons that don't exist."""
    found = (variable for variable in template.variables if _has_place(template, variable))
    return tuple({build_field_key(variable): variable for variable in found}.values())


def _has_place(template: Template, variable: Variable) -> bool:
    if variable.card is not None and variable.card >= len(template.cards):
        return False
    holder = template if variable.card is None else template.cards[variable.card]
    return variable.component != "button" or variable.button_index < len(holder.buttons)


def build_field_key(variable: Variable) -> str:
    card = "" if variable.card is None else f"card_{variable.card}_"
    position = (
        f"button_{variable.button_index}" if variable.component == "button" else variable.component
    )
    return f"{VARIABLE_PREFIX}{card}{position}_{variable.name}"


def match_field(fields: Sequence[TemplateField], typed: str) -> TemplateField | None:
    """Return the field that a typed name (``1``, ``first_name``) means.

    A name matches a key, a key without ``var_``, or a variable; one of the body wins.
    """
    name = typed.strip().lower()
    by_key = {field.key.lower(): field for field in fields}
    bare = (f"{VARIABLE_PREFIX}{part}{name}" for part in ("", "body_", "header_"))
    for key in (name, *bare):
        if key in by_key:
            return by_key[key]
    buttons = [
        key
        for key in by_key
        if key.startswith(f"{VARIABLE_PREFIX}button_") and key.endswith(f"_{name}")
    ]
    return by_key[buttons[0]] if len(buttons) == 1 else None


def list_typed_names(fields: Sequence[TemplateField]) -> tuple[str, ...]:
    """Return the names by which `match_field` finds one of these fields, in lower case."""
    found: dict[str, None] = {}
    for field in fields:
        key = field.key.lower()
        bare = key.removeprefix(VARIABLE_PREFIX)
        parts = bare.split("_", 2 if bare.startswith("button_") else 1)
        found |= dict.fromkeys((key, bare, parts[-1]))
    return tuple(name for name in found if match_field(fields, name))


def get_component_values(
    template: Template, component: str, values: Mapping[str, str], card: int | None = None
) -> dict[str, str]:
    """Return variable -> value for ``component`` "header" or "body", without empty ones."""
    if template.is_one_time_code:
        return {"1": values[CODE]} if component == "body" and values.get(CODE) else {}
    return _get_filled_values(
        (
            variable
            for variable in list_template_variables(template)
            if variable.component == component and variable.card == card
        ),
        values,
    )


def get_button_values(
    template: Template, position: int, values: Mapping[str, str], card: int | None = None
) -> dict[str, str]:
    """Return variable -> value for the button at ``position``, counted from 0."""
    own_variables = (
        variable
        for variable in list_template_variables(template)
        if variable.component == "button"
        and variable.button_index == position
        and variable.card == card
    )
    return _get_filled_values(own_variables, values)


def _get_filled_values(variables: Iterator[Variable], values: Mapping[str, str]) -> dict[str, str]:
    return {
        variable.name: value
        for variable in variables
        if (value := values.get(build_field_key(variable), ""))
    }


def _iter_header_fields(template: Template) -> Iterator[TemplateField]:
    yield from _iter_media_fields(template.media_format)
    if template.media_format == "DOCUMENT":
        yield TemplateField(
            FILENAME, "Document: its name", "Invoice.pdf", FieldKind.FILENAME, optional=True
        )
    if template.has_location_header:
        yield TemplateField(LATITUDE, "Latitude", "12.9716", FieldKind.COORDINATE)
        yield TemplateField(LONGITUDE, "Longitude", "77.5946", FieldKind.COORDINATE)
        yield TemplateField(LOCATION_NAME, "Place name", optional=True)
        yield TemplateField(LOCATION_ADDRESS, "Place address", optional=True)


def _iter_media_fields(media_format: str, card: int | None = None) -> Iterator[TemplateField]:
    if not media_format:
        return
    link, file = list_media_keys(card)
    noun = f"{_build_card_prefix(card)}{_MEDIA_NOUNS[media_format]}"
    for key, label, kind in (
        (link, f"{noun}: a link", FieldKind.LINK),
        (file, f"{noun}: or a file", FieldKind.FILE),
    ):
        yield TemplateField(key, label, kind=kind, optional=True, media_format=media_format)


def _build_card_prefix(card: int | None) -> str:
    return "" if card is None else f"Card {card + 1} · "


def _build_variable_field(template: Template, variable: Variable) -> TemplateField:
    card = _build_card_prefix(variable.card)
    if variable.component == "button":
        return _build_button_field(variable, find_button(template, variable), card)
    where = " (header)" if variable.component == "header" else ""
    holder = template if variable.card is None else template.cards[variable.card]
    part = holder.header if variable.component == "header" else holder.body
    label = f"{card}{_build_label(variable.name, where, part.text if part else '')}"
    sign = f"{card}‹{variable.name}›{where}" if variable.name.isdigit() else label
    return TemplateField(build_field_key(variable), label, variable.example, short_label=sign)


def _build_button_field(variable: Variable, button: Button, card: str) -> TemplateField:
    key, example = build_field_key(variable), variable.example
    if button.type == "COPY_CODE":
        return TemplateField(key, f"{card}Coupon code", example, FieldKind.COUPON)
    if button.type == "CATALOG":
        label = f"{card}Product ID for the picture"
        return TemplateField(key, label, example, FieldKind.PRODUCT, optional=True)
    label = f'"{button.text}" button: end of its link' if button.text else "Button: end of its link"
    return TemplateField(key, f"{card}{label}", example, FieldKind.URL_SUFFIX)


def _build_label(name: str, where: str, text: str) -> str:
    """Return ``First name (header)``, or for a number the words around it in the text too."""
    if not name.isdigit():
        return (name.replace("_", " ").strip().capitalize() or name) + where
    around = quote_words_around(text, name)
    return f"{name}{where} · {around}" if around else f"Variable {name}{where}"


def quote_words_around(text: str, name: str) -> str:
    """Return ``Your order ‹1› has left…``; "" if there is no word around this variable.

    Other variables are shown as signs too; words that are left out, as an ellipsis.
    """
    flat = " ".join(VARIABLE_PATTERN.sub(r"‹\1›", text).replace("*", "").split())
    before, sign, after = flat.partition(f"‹{name}›")
    if not sign or not any(letter.isalnum() for letter in before + after):
        return ""
    first, last = _get_last_words(before), _get_last_words(after[::-1])[::-1]
    beginning = "…" if len(first) < len(before) else ""
    ending = "…" if len(last) < len(after) else ""
    return f"{beginning}{first}{sign}{last}{ending}"


def _get_last_words(text: str) -> str:
    """Return the last words that fit into `MAX_AROUND_LENGTH` characters."""
    if len(text) <= MAX_AROUND_LENGTH:
        return text
    cut = text[-MAX_AROUND_LENGTH:]
    return cut[cut.find(" ") + 1 :] if " " in cut.rstrip() else cut
