"""The values of a template's fields as they are sent, regardless of how they were typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from bot.chakra.template import VARIABLE_PATTERN, Template
from bot.templates import variables as asked
from bot.templates.variables import FieldKind, list_template_fields
from bot.text.invisible import remove_invisible

_SCHEME_PATTERN = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_CODE_KINDS = frozenset(
    {
        FieldKind.URL_SUFFIX,
        FieldKind.COUPON,
        FieldKind.CODE,
        FieldKind.LINK,
        FieldKind.COORDINATE,
        FieldKind.PRODUCT,
    }
)


def normalize_values(template: Template, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that are sent; an unknown key stays as it is.

    Codes and links lose their invisible characters, texts only the spaces around them. The end of a
    button's link loses the beginning that the button already has.
    """
    normalized = {key: value.strip() for key, value in values.items()}
    beginnings = list_link_beginnings(template)
    for field in list_template_fields(template):
        if field.key in normalized and field.kind in _CODE_KINDS:
            normalized[field.key] = remove_invisible(normalized[field.key])
        if field.key in normalized and field.key in beginnings:
            normalized[field.key] = remove_beginning(normalized[field.key], beginnings[field.key])
    return normalized


def list_link_beginnings(template: Template) -> dict[str, str]:
    """Return the fixed beginning of each button's link, by the key of the field for its end."""
    return {
        asked.build_field_key(variable): VARIABLE_PATTERN.split(
            asked.find_button(template, variable).url, maxsplit=1
        )[0]
        for variable in asked.list_template_variables(template)
        if variable.component == "button" and asked.find_button(template, variable).url
    }


def remove_beginning(value: str, beginning: str) -> str:
    """Return the value without ``beginning``, however often it is repeated, scheme or not.

    Its path and query alone, such as ``/p/`` and ``?id=``, are removed too. Slashes at the start
    are removed as well if the beginning ends with one.
    """
    start = _normalize_link(beginning)
    while start and _normalize_link(value).startswith(start):
        value = _remove_scheme(value)[len(start) :]
    for tail in (f"/{start.partition('/')[2]}", f"?{start.partition('?')[2]}"):
        if len(tail) > 1 and value.startswith(tail):
            value = value[len(tail) :]
    return value.lstrip("/") if beginning.endswith("/") else value


def is_other_link(value: str, beginning: str) -> bool:
    """Return whether the value is a whole link although it follows ``beginning``.

    A link may be the value of a query, unless it leads to the page that the query is for.
    """
    start, end = _normalize_link(beginning), _normalize_link(unquote(value))
    if "?" in beginning:
        page = re.split(r"/?\?", start, maxsplit=1)[0]
        return re.split(r"/?\?", end, maxsplit=1)[0] == page
    host = start.partition("/")[0]
    is_on_host = bool(host) and end.startswith(f"{host}/")
    return bool(_SCHEME_PATTERN.match(value)) or value.lower().startswith("www.") or is_on_host


def _remove_scheme(link: str) -> str:
    bare = _SCHEME_PATTERN.sub("", link, count=1) if _SCHEME_PATTERN.match(link) else link
    return bare[4:] if bare[:4].lower() == "www." else bare


def _normalize_link(link: str) -> str:
    """Return the link without scheme and ``www.``, its host in lower case; of the same length."""
    host, slash, path = _remove_scheme(link).partition("/")
    return f"{host.lower()}{slash}{path}"
