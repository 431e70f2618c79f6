"""Meta's checks of a template before it is accepted for review."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaRefused
from bot.sandbox.chakra.template import MEDIA, VARIABLE, Category, variables_in

NAME = re.compile(r"[a-z0-9_]{1,512}")
PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]*")
CATEGORIES = get_args(Category)
HEADERS = frozenset({"TEXT", "LOCATION", *MEDIA})
KINDS = frozenset(
    {
        "HEADER",
        "BODY",
        "FOOTER",
        "BUTTONS",
        "CAROUSEL",
        "LIMITED_TIME_OFFER",
        "CALL_PERMISSION_REQUEST",
    }
)

_LOCALES = (
    "af sq ar ar_EG ar_AE ar_LBN ar_MAR ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da "
    "prs_AF nl nl_BE en en_GB en_US en_AE en_AU en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA "
    "en_SG en_UG en_ZA et fil fi fr fr_BE fr_CA fr_CH fr_CI fr_MA ka de de_AT de_CH el gu ha he hi "
    "hu id ga it ja kn kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb ps_AF fa pl pt_BR pt_PT pa ro ru "
    "sr si_LK sk sl es es_AR es_CL es_CO es_CR es_DO es_EC es_HN es_MX es_PA es_PE es_ES es_UY sw "
    "sv ta te th tr uk ur uz vi zu"
)
LANGUAGES = frozenset(_LOCALES.split())
"""Meta's supported template languages."""

LENGTHS: Mapping[str, int] = {"HEADER": 60, "BODY": 1024, "FOOTER": 60}
"""Characters, Meta's template components reference."""
BUTTON_LENGTHS: Mapping[str, int] = {
    "text": 25,
    "url": 2000,
    "phone_number": 20,
}
MOST_BUTTONS = 10
MOST_OF_A_KIND: Mapping[str, int] = {
    "QUICK_REPLY": 10,
    "URL": 2,
    "PHONE_NUMBER": 1,
    "COPY_CODE": 1,
    "OTP": 1,
    "FLOW": 1,
    "CATALOG": 1,
    "MPM": 1,
    "VOICE_CALL": 1,
    "SPM": 1,
}
LONGEST_COUPON = 15
MOST_MINUTES = 90
"""Of ``code_expiration_minutes``."""
NEEDS: Mapping[str, tuple[str, ...]] = {
    "QUICK_REPLY": ("text",),
    "URL": ("text", "url"),
    "PHONE_NUMBER": ("text", "phone_number"),
    "COPY_CODE": ("example",),
    "OTP": ("otp_type",),
    "FLOW": ("text",),
}

NAME_FORMAT = 2388046
TOO_LONG = 2388040
MISSING_FIELDS = 2388043
HEADER_FORMAT = 2388047
BODY_FORMAT = 2388072
FOOTER_FORMAT = 2388073
DANGLING = 2388299
"""Subcodes, from Meta's list of template errors and from integrations' reports."""


def check_new(template: Mapping[str, Any]) -> None:
    """Raise ``MetaRefused`` for a *create* body that Meta would refuse."""
    name, language, category = (template.get(key) for key in ("name", "language", "category"))
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _refused(
            NAME_FORMAT,
            "Name Format is Incorrect",
            "The message template name can only have lowercase letters and underscores.",
        )
    if language not in LANGUAGES:
        raise MetaRefused(INVALID_PARAMETER, "Param language must be one of the supported locales")
    named = template.get("parameter_format")
    check_components(template.get("components"), checked_category(category), named)


def checked_category(category: Any) -> str:
    """Return a valid category. Raise ``MetaRefused``."""
    if not isinstance(category, str) or category not in CATEGORIES:
        allowed = ", ".join(CATEGORIES)
        raise MetaRefused(INVALID_PARAMETER, f"Param category must be one of {{{allowed}}}")
    return category


def check_components(components: Any, category: str, parameter_format: Any) -> None:
    """Raise ``MetaRefused`` for invalid components."""
    if parameter_format not in (None, "POSITIONAL", "NAMED"):
        raise MetaRefused(INVALID_PARAMETER, "Param parameter_format is not known")
    if not isinstance(components, list) or not all(map(_is_component, components)):
        raise MetaRefused(INVALID_PARAMETER, "Param components must be an array of components")
    kinds = Counter(_kind(one) for one in components)
    if unknown := set(kinds) - KINDS:
        raise MetaRefused(INVALID_PARAMETER, f"Unexpected component type {min(unknown)}")
    if kinds["BODY"] != 1 or any(times > 1 for times in kinds.values()):
        raise _missing("A template has exactly one BODY and at most one of every other component.")
    named = parameter_format == "NAMED"
    for one in components:
        _check_component(one, category, named)
    if category == "AUTHENTICATION" and not kinds["BUTTONS"]:
        raise _missing("An authentication template needs an OTP button.")


def _check_component(component: Mapping[str, Any], category: str, named: bool) -> None:
    kind = _kind(component)
    if kind == "HEADER":
        _check_header(component, named)
    elif kind == "BODY" and category == "AUTHENTICATION":
        if "text" in component:
            raise _refused(
                BODY_FORMAT, "Body Format", "The text of an authentication template is fixed."
            )
    elif kind == "BODY":
        _check_body(component, named)
    elif kind == "FOOTER":
        _check_footer(component)
    elif kind == "BUTTONS":
        _check_buttons(component, category)


def _check_header(header: Mapping[str, Any], named: bool) -> None:
    given = str(header.get("format", "")).upper()
    if given not in HEADERS:
        raise _header(f"The format {given or 'of the header'} is not supported.")
    if given in MEDIA and not _example(header, "header_handle"):
        raise _missing("A media header needs a sample in example.header_handle.")
    if given != "TEXT":
        return
    text = _text(header, "HEADER")
    variables = variables_in(text)
    if "\n" in text or "*" in text:
        raise _header("Headers can't have new lines or formatting characters.")
    if len(variables) > 1:
        raise _header("A header can have one variable at the most.")
    _check_variables(header, "header", variables, named)


def _check_body(body: Mapping[str, Any], named: bool) -> None:
    text = _text(body, "BODY")
    variables = variables_in(text)
    stripped = text.strip()
    if variables and (VARIABLE.match(stripped) or stripped.endswith("}}")):
        raise _refused(
            DANGLING,
            "Leading or trailing params not allowed",
            "Variables can't be at the start or end of the template.",
        )
    _check_variables(body, "body", variables, named)


def _check_variables(
    component: Mapping[str, Any], place: str, variables: Sequence[str], named: bool
) -> None:
    if not variables:
        return
    subcode = HEADER_FORMAT if place == "header" else BODY_FORMAT
    if named:
        well = all(PARAMETER_NAME.fullmatch(name) for name in variables)
    else:
        well = set(variables) == {str(number + 1) for number in range(len(variables))}
    if not well:
        raise _refused(subcode, "Variables are incorrect", "The variables are badly numbered.")
    _check_examples(component, place, variables, named)


def _check_examples(
    component: Mapping[str, Any], place: str, variables: Sequence[str], named: bool
) -> None:
    if named:
        given = _example(component, f"{place}_text_named_params")
        names = {one.get("param_name") for one in given if isinstance(one, dict)}
        complete = names >= set(variables)
    else:
        given = _example(component, f"{place}_text")
        if place == "body" and given and isinstance(given[0], list):
            given = given[0]
        complete = len(given) == len(variables)
    if not complete:
        raise _missing(f"The {place} has variables: every one needs a sample in example.")


def _check_footer(footer: Mapping[str, Any]) -> None:
    if "code_expiration_minutes" in footer:
        minutes = footer["code_expiration_minutes"]
        if not isinstance(minutes, int) or not 1 <= minutes <= MOST_MINUTES:
            raise _refused(FOOTER_FORMAT, "Footer", "The expiry is from 1 to 90 minutes.")
        return
    if VARIABLE.search(_text(footer, "FOOTER")):
        raise _refused(FOOTER_FORMAT, "Message Footer Format", "The footer can't have variables.")


def _check_buttons(component: Mapping[str, Any], category: str) -> None:
    buttons = component.get("buttons")
    if not isinstance(buttons, list) or not buttons or not all(map(_is_component, buttons)):
        raise _missing("BUTTONS needs an array of buttons.")
    kinds = Counter(_kind(one) for one in buttons)
    if unknown := set(kinds) - set(MOST_OF_A_KIND):
        raise MetaRefused(INVALID_PARAMETER, f"Unexpected button type {min(unknown)}")
    crowded = any(times > MOST_OF_A_KIND[kind] for kind, times in kinds.items())
    if len(buttons) > MOST_BUTTONS or crowded:
        raise MetaRefused(INVALID_PARAMETER, "The template has too many buttons")
    if (category == "AUTHENTICATION") != bool(kinds["OTP"]):
        raise _missing("OTP buttons belong to authentication templates, and these need one.")
    for button in buttons:
        _check_button(button)


def _check_button(button: Mapping[str, Any]) -> None:
    kind = _kind(button)
    if lacking := [name for name in NEEDS.get(kind, ()) if not button.get(name)]:
        raise _missing(f"A {kind} button needs {lacking[0]}.")
    for name, most in BUTTON_LENGTHS.items():
        if len(str(button.get(name, ""))) > most:
            raise _too_long(f"the button's {name}", most)
    if kind == "COPY_CODE" and len(_first(button["example"])) > LONGEST_COUPON:
        raise _too_long("the coupon code", LONGEST_COUPON)
    if kind == "URL":
        _check_url(button)


def _check_url(button: Mapping[str, Any]) -> None:
    url = str(button["url"])
    variables = variables_in(url)
    if variables and (len(variables) > 1 or not url.endswith("}}")):
        raise MetaRefused(INVALID_PARAMETER, "A URL can have one variable, at its end")
    if variables and not _first(button.get("example")):
        raise _missing("A URL with a variable needs a sample in example.")


def _is_component(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def _kind(component: Mapping[str, Any]) -> str:
    return str(component["type"]).upper()


def _text(component: Mapping[str, Any], kind: str) -> str:
    text = component.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _missing(f"{kind} needs a text.")
    if len(text) > LENGTHS[kind]:
        raise _too_long(f"the {kind.lower()}", LENGTHS[kind])
    return text


def _example(component: Mapping[str, Any], name: str) -> list[Any]:
    example = component.get("example")
    given = example.get(name) if isinstance(example, dict) else None
    return given if isinstance(given, list) else []


def _first(example: Any) -> str:
    if isinstance(example, list):
        return str(example[0]) if example else ""
    return str(example or "")


def _refused(subcode: int, title: str, words: str) -> MetaRefused:
    return MetaRefused(INVALID_PARAMETER, subcode=subcode, user_title=title, user_words=words)


def _missing(words: str) -> MetaRefused:
    return _refused(MISSING_FIELDS, "Message template components are incomplete", words)


def _too_long(what: str, most: int) -> MetaRefused:
    return _refused(
        TOO_LONG, "Character Limit Exceeded", f"{what.capitalize()} can have {most} characters."
    )


def _header(words: str) -> MetaRefused:
    return _refused(HEADER_FORMAT, "Message Header Format is Incorrect", words)
