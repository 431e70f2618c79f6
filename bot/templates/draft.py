"""A template as entered in the form: its validation, and the components made from it.

The rules are Meta's:
developers.facebook.com/docs/whatsapp/business-management-api/message-templates/components. Meta
checks what isn't checked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.chakra.template import (
    VARIABLE_PATTERN,
    Body,
    Footer,
    Header,
    Template,
    find_variable_names,
)
from bot.chakra.templates import NewTemplate
from bot.text.emoji import has_emoji

MAX_LENGTHS: Mapping[str, int] = {"name": 512, "header": 60, "body": 1024, "footer": 60}
"""Characters."""
CATEGORIES = ("UTILITY", "MARKETING")
"""The categories without AUTHENTICATION, whose text Meta writes itself."""
EDITABLE_STATUSES = frozenset({"APPROVED", "REJECTED", "PAUSED"})
"""Statuses in which Meta accepts a change."""

VARIABLE_FORMAT_HINT = "Write variables as {{1}} or, in lowercase, {{first_name}}."

_NAME = re.compile(r"[a-z0-9_]+")
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]"
    r"|[^\W_][^\s\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f,;:/.!?&+=|()\[\]{}<>\"“”–—…।]*"
)
"""It keeps marks, apostrophes and hyphens: "नमस्ते" and "don't" are one word each."""
_VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """The fields of the form; ``examples`` has one line for each variable of the body, in order."""

    name: str = ""
    language: str = ""
    category: str = ""
    header: str = ""
    header_example: str = ""
    body: str = ""
    examples: str = ""
    footer: str = ""

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> TemplateDraft:
        """Return the draft of a submitted form, whose fields may be missing."""
        return cls(**{field: values.get(field, "").strip() for field in cls.__slots__})

    @classmethod
    def from_template(cls, template: Template) -> TemplateDraft:
        header, body, footer = template.header, template.body, template.footer
        return cls(
            name=template.name,
            language=template.language,
            category=template.category,
            header=header.text if header else "",
            header_example="\n".join(_list_examples(header)),
            body=body.text if body else "",
            examples="\n".join(_list_examples(body)),
            footer=footer.text if footer else "",
        )

    @property
    def uses_named_variables(self) -> bool:
        return any(
            not name.isdigit() for name in find_variable_names(f"{self.header}\n{self.body}")
        )

    def to_new_template(self) -> NewTemplate:
        return NewTemplate(
            name=self.name,
            language=self.language,
            category=self.category,
            components=self.to_components(),
            parameter_format="NAMED" if self.uses_named_variables else "POSITIONAL",
        )

    def to_components(self, current: Template | None = None) -> list[Json]:
        """Return the components in Meta's format.

        What the form doesn't show is taken from ``current``: buttons, a media or location header,
        unknown components.
        """
        current_parts = (
            {part.type: dict(part.definition) for part in current.components} if current else {}
        )
        drafted_parts: dict[str, Json | None] = {
            "HEADER": current_parts.get("HEADER")
            if has_non_text_header(current)
            else self._build_header_component(),
            "BODY": self._build_body_component(current_parts.get("BODY", {})),
            "FOOTER": {"type": "FOOTER", "text": self.footer} if self.footer else None,
        }
        kinds = dict.fromkeys([*drafted_parts, *current_parts])
        components = (drafted_parts.get(kind, current_parts.get(kind)) for kind in kinds)
        return [component for component in components if component]

    @property
    def _body_examples(self) -> list[str]:
        return [line.strip() for line in self.examples.splitlines() if line.strip()]

    def _build_header_component(self) -> Json | None:
        if not self.header:
            return None
        samples = [self.header_example] if self.header_example else []
        return {"format": "TEXT", **self._build_text_component("HEADER", self.header, samples)}

    def _build_body_component(self, current: Json) -> Json:
        rest = {name: value for name, value in current.items() if name != "example"}
        return {**rest, **self._build_text_component("BODY", self.body, self._body_examples)}

    def _build_text_component(self, component_type: str, text: str, samples: list[str]) -> Json:
        names = find_variable_names(text)
        component: Json = {"type": component_type, "text": text}
        if not names:
            return component
        example_key = f"{component_type.lower()}_text"
        if self.uses_named_variables:
            pairs = zip(names, samples, strict=False)
            params = [{"param_name": name, "example": sample} for name, sample in pairs]
            return {**component, "example": {f"{example_key}_named_params": params}}
        return {
            **component,
            "example": {example_key: [samples] if component_type == "BODY" else samples},
        }


def explain_edit_blocker(template: Template) -> str:
    """Return why the template can't be edited in the form; "" if it can."""
    if not is_editable(template):
        return "WhatsApp doesn't allow changes to this template in its current status."
    if has_media_sample(template):
        return (
            "This template has a picture, video or document. WhatsApp wants a new sample of it "
            "with every change, so edit it in WhatsApp Manager."
        )
    return ""


def has_media_sample(template: Template) -> bool:
    """Return whether a header, including those of carousel cards, has a file as its sample.

    Meta lists its address, but accepts only the handle of a new upload in a change.
    """
    return bool(template.media_format) or any(
        _has_key(part.definition, "header_handle") for part in template.components
    )


def _has_key(value: object, key: str) -> bool:
    if isinstance(value, Mapping):
        return key in value or any(_has_key(item, key) for item in value.values())
    return isinstance(value, list) and any(_has_key(item, key) for item in value)


def is_editable(template: Template) -> bool:
    """Return whether the template can be edited in the form."""
    return (
        template.status in EDITABLE_STATUSES
        and not template.is_one_time_code
        and template.body is not None
    )


def has_non_text_header(template: Template | None) -> bool:
    """Return whether the header is a file or a location, which the form doesn't show."""
    header = template.header if template else None
    return header is not None and header.format not in ("", "TEXT")


def validate_draft(draft: TemplateDraft, *, is_new: bool = True) -> dict[str, str]:
    """Return field -> error; name, language and category are checked only if it is new."""
    found = dict(_validate_identity(draft)) if is_new else {}
    found |= dict(_validate_lengths(draft))
    for field, error in (
        ("header", _validate_header(draft)),
        ("body", _validate_body(draft)),
        *_validate_variable_style(draft),
        ("body", _validate_word_count(draft.body)),
    ):
        if error:
            found.setdefault(field, error)
    if VARIABLE_PATTERN.search(draft.footer):
        found.setdefault("footer", "Footers can't have variables.")
    for field, error in _validate_examples(draft):
        found.setdefault(field, error)
    return found


def _validate_identity(draft: TemplateDraft) -> Iterator[tuple[str, str]]:
    if not _NAME.fullmatch(draft.name):
        better = re.sub(r"[^a-z0-9]+", "_", draft.name.lower()).strip("_")
        tip = f" For example: {better[:60]}" if better else ""
        yield "name", f"Use only lowercase letters, numbers and underscores.{tip}"
    if not draft.language:
        yield "language", "Choose a language."
    if draft.category not in CATEGORIES:
        yield "category", "Choose a category."


def _validate_lengths(draft: TemplateDraft) -> Iterator[tuple[str, str]]:
    for field, max_length in MAX_LENGTHS.items():
        length = len(getattr(draft, field))
        if length > max_length:
            yield field, f"This is {length:,} characters; WhatsApp allows {max_length:,}."


def _validate_header(draft: TemplateDraft) -> str:
    if "\n" in draft.header:
        return "A header must be one line."
    if "*" in draft.header or has_emoji(draft.header):
        return "A header can't have emoji or asterisks."
    if len(find_variable_names(draft.header)) > 1:
        return "A header can have only one variable."
    return _validate_variables(draft.header)


def _validate_body(draft: TemplateDraft) -> str:
    if not draft.body:
        return "Enter the message text."
    found = list(VARIABLE_PATTERN.finditer(draft.body))
    if found and (found[0].start() == 0 or found[-1].end() == len(draft.body)):
        return "The body can't start or end with a variable. Add a word or a period there."
    return _validate_variables(draft.body)


def _validate_word_count(text: str) -> str:
    """Return an error if there are more variables than words: Meta refuses that (2388293).

    Letters of scripts without spaces count one by one.
    """
    words = len(_WORD.findall(VARIABLE_PATTERN.sub(" ", text)))
    if words >= len(find_variable_names(text)):
        return ""
    return "The body has more variables than words. Add words, or use fewer variables."


def _validate_variables(text: str) -> str:
    rest = VARIABLE_PATTERN.sub("", text)
    if "{{" in rest or "}}" in rest:
        return VARIABLE_FORMAT_HINT
    names = find_variable_names(text)
    numbers = [name for name in names if name.isdigit()]
    if numbers and len(numbers) == len(names):
        if list(names) != [str(number) for number in range(1, len(names) + 1)]:
            return "Number the variables {{1}}, {{2}} and so on, without gaps."
    elif not all(_VARIABLE_NAME.fullmatch(name) for name in names if not name.isdigit()):
        return VARIABLE_FORMAT_HINT
    return ""


def _validate_variable_style(draft: TemplateDraft) -> Iterator[tuple[str, str]]:
    kinds = {name.isdigit() for name in find_variable_names(f"{draft.header}\n{draft.body}")}
    if len(kinds) > 1:
        yield "body", "Use either numbers or names for all variables, not both."


def _validate_examples(draft: TemplateDraft) -> Iterator[tuple[str, str]]:
    if find_variable_names(draft.header) and not draft.header_example:
        yield "header_example", "Enter an example for the header's variable."
    wanted = len(find_variable_names(draft.body))
    given = len([line for line in draft.examples.splitlines() if line.strip()])
    if given != wanted:
        yield "examples", _explain_example_count(wanted)


def _explain_example_count(count: int) -> str:
    if not count:
        return "The body has no variables, so leave this empty."
    if count == 1:
        return "The body has one variable, so enter one example."
    return f"The body has {count} variables, so enter {count} lines, one for each."


def _list_examples(part: Header | Body | Footer | None) -> list[str]:
    return [variable.example for variable in part.iter_variables()] if part else []
