"""Meta's checks of a template before it is accepted for review."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaApiError
from bot.sandbox.chakra.template import (
    MEDIA_FORMATS,
    VARIABLE_PATTERN,
    TemplateCategory,
    list_variable_names,
)

EMOJI_PATTERN = re.compile(
    "[\u231a\u231b\u23e9-\u23f3\u2600-\u27bf\u2b05-\u2b55\ufe0f\u20e3\U0001f000-\U0001faff]"
)
WORD_PATTERN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]"
    r"|[^\W_][^\s\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f,;:/.!?&+=|()\[\]{}<>\"“”–—…।]*"
)
"""Letters of scripts without spaces count one by one. How Meta counts is UNKNOWN; integrations
found that it wants even more words, at least 2 for each variable and one."""
NAME_PATTERN = re.compile(r"[a-z0-9_]{1,512}")
PARAMETER_NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]*")
CATEGORIES = get_args(TemplateCategory)
HEADER_FORMATS = frozenset({"TEXT", "LOCATION", *MEDIA_FORMATS})
COMPONENT_TYPES = frozenset(
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

MAX_TEXT_LENGTHS: Mapping[str, int] = {"HEADER": 60, "BODY": 1024, "FOOTER": 60}
"""Characters, Meta's template components reference."""
MAX_BUTTON_FIELD_LENGTHS: Mapping[str, int] = {
    "text": 25,
    "url": 2000,
    "phone_number": 20,
}
MAX_BUTTONS = 10
MAX_BUTTONS_BY_TYPE: Mapping[str, int] = {
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
MAX_COUPON_LENGTH = 15
MAX_EXPIRATION_MINUTES = 90
"""The maximum of ``code_expiration_minutes``."""
REQUIRED_BUTTON_FIELDS: Mapping[str, tuple[str, ...]] = {
    "QUICK_REPLY": ("text",),
    "URL": ("text", "url"),
    "PHONE_NUMBER": ("text", "phone_number"),
    "COPY_CODE": ("example",),
    "OTP": ("otp_type",),
    "FLOW": ("text",),
}

NAME_FORMAT_SUBCODE = 2388046
TOO_LONG_SUBCODE = 2388040
MISSING_FIELDS_SUBCODE = 2388043
HEADER_FORMAT_SUBCODE = 2388047
BODY_FORMAT_SUBCODE = 2388072
FOOTER_FORMAT_SUBCODE = 2388073
DANGLING_VARIABLE_SUBCODE = 2388299
TOO_MANY_VARIABLES_SUBCODE = 2388293
UPLOAD_HANDLE_SUBCODE = 2494102
"""Subcodes, from Meta's list of template errors and from integrations' reports.

The list shows an address in ``header_handle``, while a change accepts only a handle of Meta's
upload: integrations report it; the subcode is INFERRED.
"""


def check_create(template: Mapping[str, Any]) -> None:
    """Raise ``MetaApiError`` for a *create* body that Meta would refuse."""
    name, language, category = (template.get(key) for key in ("name", "language", "category"))
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
        raise _build_template_error(
            NAME_FORMAT_SUBCODE,
            "Name Format is Incorrect",
            "The message template name can only have lowercase letters and underscores.",
        )
    if language not in LANGUAGES:
        raise MetaApiError(INVALID_PARAMETER, "Param language must be one of the supported locales")
    named = template.get("parameter_format")
    check_components(template.get("components"), parse_category(category), named)


def parse_category(category: Any) -> str:
    """Return a valid category. Raise ``MetaApiError``."""
    if not isinstance(category, str) or category not in CATEGORIES:
        allowed = ", ".join(CATEGORIES)
        raise MetaApiError(INVALID_PARAMETER, f"Param category must be one of {{{allowed}}}")
    return category


def check_components(components: Any, category: str, parameter_format: Any) -> None:
    """Raise ``MetaApiError`` for invalid components."""
    if parameter_format not in (None, "POSITIONAL", "NAMED"):
        raise MetaApiError(INVALID_PARAMETER, "Param parameter_format is not known")
    if not isinstance(components, list) or not all(map(_is_component, components)):
        raise MetaApiError(INVALID_PARAMETER, "Param components must be an array of components")
    kinds = Counter(_get_type(component) for component in components)
    if unknown := set(kinds) - COMPONENT_TYPES:
        raise MetaApiError(INVALID_PARAMETER, f"Unexpected component type {min(unknown)}")
    if kinds["BODY"] != 1 or any(times > 1 for times in kinds.values()):
        raise _build_missing_field_error(
            "A template has exactly one BODY and at most one of every other component."
        )
    named = parameter_format == "NAMED"
    for component in components:
        _check_component(component, category, named)
    if category == "AUTHENTICATION" and not kinds["BUTTONS"]:
        raise _build_missing_field_error("An authentication template needs an OTP button.")


def _check_component(component: Mapping[str, Any], category: str, named: bool) -> None:
    kind = _get_type(component)
    if kind == "HEADER":
        _check_header(component, named)
    elif kind == "BODY" and category == "AUTHENTICATION":
        if "text" in component:
            raise _build_template_error(
                BODY_FORMAT_SUBCODE,
                "Body Format",
                "The text of an authentication template is fixed.",
            )
    elif kind == "BODY":
        _check_body(component, named)
    elif kind == "FOOTER":
        _check_footer(component)
    elif kind == "BUTTONS":
        _check_buttons(component, category)
    elif kind == "CAROUSEL":
        for header in _list_card_headers(component):
            _check_header(header, named)


def _list_card_headers(carousel: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    cards = [card for card in carousel.get("cards") or () if isinstance(card, Mapping)]
    parts = [part for card in cards for part in card.get("components") or ()]
    return [part for part in parts if _is_component(part) and _get_type(part) == "HEADER"]


def _check_header(header: Mapping[str, Any], named: bool) -> None:
    given = str(header.get("format", "")).upper()
    if given not in HEADER_FORMATS:
        raise _build_header_error(f"The format {given or 'of the header'} is not supported.")
    if given in MEDIA_FORMATS and not _list_example_values(header, "header_handle"):
        raise _build_missing_field_error("A media header needs a sample in example.header_handle.")
    if given in MEDIA_FORMATS and any(
        str(handle).lower().startswith(("http://", "https://"))
        for handle in _list_example_values(header, "header_handle")
    ):
        raise _build_template_error(
            UPLOAD_HANDLE_SUBCODE,
            "Invalid Parameter",
            "The sample is not an upload handle: upload the file again.",
        )
    if given != "TEXT":
        return
    text = _require_text(header, "HEADER")
    variables = list_variable_names(text)
    if "\n" in text or "*" in text or EMOJI_PATTERN.search(text):
        raise _build_header_error("Headers can't have new lines, formatting characters or emoji.")
    if len(variables) > 1:
        raise _build_header_error("A header can have one variable at the most.")
    _check_variables(header, "header", variables, named)


def _check_body(body: Mapping[str, Any], named: bool) -> None:
    text = _require_text(body, "BODY")
    variables = list_variable_names(text)
    stripped = text.strip()
    if variables and (VARIABLE_PATTERN.match(stripped) or stripped.endswith("}}")):
        raise _build_template_error(
            DANGLING_VARIABLE_SUBCODE,
            "Leading or trailing params not allowed",
            "Variables can't be at the start or end of the template.",
        )
    _check_variables(body, "body", variables, named)
    if len(variables) > len(WORD_PATTERN.findall(VARIABLE_PATTERN.sub(" ", text))):
        raise _build_template_error(
            TOO_MANY_VARIABLES_SUBCODE,
            "Parameters Words Ratio Exceeds Limit",
            "This template has too many variables for its length. Reduce the number of variables "
            "or increase the message length.",
        )


def _check_variables(
    component: Mapping[str, Any], place: str, variables: Sequence[str], named: bool
) -> None:
    if not variables:
        return
    subcode = HEADER_FORMAT_SUBCODE if place == "header" else BODY_FORMAT_SUBCODE
    if named:
        well = all(PARAMETER_NAME_PATTERN.fullmatch(name) for name in variables)
    else:
        well = set(variables) == {str(number + 1) for number in range(len(variables))}
    if not well:
        raise _build_template_error(
            subcode, "Variables are incorrect", "The variables are badly numbered."
        )
    _check_examples(component, place, variables, named)


def _check_examples(
    component: Mapping[str, Any], place: str, variables: Sequence[str], named: bool
) -> None:
    if named:
        given = _list_example_values(component, f"{place}_text_named_params")
        names = {parameter.get("param_name") for parameter in given if isinstance(parameter, dict)}
        complete = names >= set(variables)
    else:
        given = _list_example_values(component, f"{place}_text")
        if place == "body" and given and isinstance(given[0], list):
            given = given[0]
        complete = len(given) == len(variables)
    if not complete:
        raise _build_missing_field_error(
            f"The {place} has variables: every one needs a sample in example."
        )


def _check_footer(footer: Mapping[str, Any]) -> None:
    if "code_expiration_minutes" in footer:
        minutes = footer["code_expiration_minutes"]
        if not isinstance(minutes, int) or not 1 <= minutes <= MAX_EXPIRATION_MINUTES:
            raise _build_template_error(
                FOOTER_FORMAT_SUBCODE, "Footer", "The expiry is from 1 to 90 minutes."
            )
        return
    if VARIABLE_PATTERN.search(_require_text(footer, "FOOTER")):
        raise _build_template_error(
            FOOTER_FORMAT_SUBCODE, "Message Footer Format", "The footer can't have variables."
        )


def _check_buttons(component: Mapping[str, Any], category: str) -> None:
    buttons = component.get("buttons")
    if not isinstance(buttons, list) or not buttons or not all(map(_is_component, buttons)):
        raise _build_missing_field_error("BUTTONS needs an array of buttons.")
    kinds = Counter(_get_type(button) for button in buttons)
    if unknown := set(kinds) - set(MAX_BUTTONS_BY_TYPE):
        raise MetaApiError(INVALID_PARAMETER, f"Unexpected button type {min(unknown)}")
    crowded = any(times > MAX_BUTTONS_BY_TYPE[kind] for kind, times in kinds.items())
    if len(buttons) > MAX_BUTTONS or crowded:
        raise MetaApiError(INVALID_PARAMETER, "The template has too many buttons")
    if (category == "AUTHENTICATION") != bool(kinds["OTP"]):
        raise _build_missing_field_error(
            "OTP buttons belong to authentication templates, and these need one."
        )
    for button in buttons:
        _check_button(button)


def _check_button(button: Mapping[str, Any]) -> None:
    kind = _get_type(button)
    if lacking := [name for name in REQUIRED_BUTTON_FIELDS.get(kind, ()) if not button.get(name)]:
        raise _build_missing_field_error(f"A {kind} button needs {lacking[0]}.")
    for name, most in MAX_BUTTON_FIELD_LENGTHS.items():
        if len(str(button.get(name, ""))) > most:
            raise _build_too_long_error(f"the button's {name}", most)
    if kind == "COPY_CODE" and len(_get_first_example(button["example"])) > MAX_COUPON_LENGTH:
        raise _build_too_long_error("the coupon code", MAX_COUPON_LENGTH)
    if kind == "URL":
        _check_url(button)


def _check_url(button: Mapping[str, Any]) -> None:
    url = str(button["url"])
    variables = list_variable_names(url)
    if variables and (len(variables) > 1 or not url.endswith("}}")):
        raise MetaApiError(INVALID_PARAMETER, "A URL can have one variable, at its end")
    if variables and not _get_first_example(button.get("example")):
        raise _build_missing_field_error("A URL with a variable needs a sample in example.")


def _is_component(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def _get_type(component: Mapping[str, Any]) -> str:
    return str(component["type"]).upper()


def _require_text(component: Mapping[str, Any], kind: str) -> str:
    text = component.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _build_missing_field_error(f"{kind} needs a text.")
    if len(text) > MAX_TEXT_LENGTHS[kind]:
        raise _build_too_long_error(f"the {kind.lower()}", MAX_TEXT_LENGTHS[kind])
    return text


def _list_example_values(component: Mapping[str, Any], name: str) -> list[Any]:
    example = component.get("example")
    given = example.get(name) if isinstance(example, dict) else None
    return given if isinstance(given, list) else []


def _get_first_example(example: Any) -> str:
    if isinstance(example, list):
        return str(example[0]) if example else ""
    return str(example or "")


def _build_template_error(subcode: int, title: str, message: str) -> MetaApiError:
    return MetaApiError(INVALID_PARAMETER, subcode=subcode, user_title=title, user_message=message)


def _build_missing_field_error(message: str) -> MetaApiError:
    return _build_template_error(
        MISSING_FIELDS_SUBCODE, "Message template components are incomplete", message
    )


def _build_too_long_error(field: str, max_length: int) -> MetaApiError:
    return _build_template_error(
        TOO_LONG_SUBCODE,
        "Character Limit Exceeded",
        f"{field.capitalize()} can have {max_length} characters.",
    )


def _build_header_error(message: str) -> MetaApiError:
    return _build_template_error(
        HEADER_FORMAT_SUBCODE, "Message Header Format is Incorrect", message
    )
