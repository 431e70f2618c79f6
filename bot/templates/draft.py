"""A template that somebody writes in the form: what is wrong with it, and the components it makes.

The rules are Meta's: developers.facebook.com/docs/whatsapp/business-management-api/
message-templates/components. What is not checked here, Meta says itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.chakra.template import VARIABLE, Body, Footer, Header, Template, names_in
from bot.chakra.templates import NewTemplate

LONGEST: Mapping[str, int] = {"name": 512, "header": 60, "body": 1024, "footer": 60}
"""Characters."""
CATEGORIES = ("UTILITY", "MARKETING")
"""Of an authentication template Meta writes the words itself, so there is nothing to draft."""
EDITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})
"""States in which Meta takes a change."""

NO_VARIABLE = "A variable is written as {{1}}, or as {{first_name}} in small letters."

_NAME = re.compile(r"[a-z0-9_]+")
_VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of the form by their names; ``examples`` has a line for each variable of the body,
    in their order."""

    name: str = ""
    language: str = ""
    category: str = ""
    header: str = ""
    header_example: str = ""
    body: str = ""
    examples: str = ""
    footer: str = ""

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Draft:
        """Of a submitted form, where fields may be missing."""
        return cls(**{field: values.get(field, "").strip() for field in cls.__slots__})

    @classmethod
    def of(cls, template: Template) -> Draft:
        header, body, footer = template.header, template.body, template.footer
        return cls(
            name=template.name,
            language=template.language,
            category=template.category,
            header=header.text if header else "",
            header_example="\n".join(_examples(header)),
            body=body.text if body else "",
            examples="\n".join(_examples(body)),
            footer=footer.text if footer else "",
        )

    @property
    def named(self) -> bool:
        return any(not name.isdigit() for name in names_in(f"{self.header}\n{self.body}"))

    def new(self) -> NewTemplate:
        return NewTemplate(
            name=self.name,
            language=self.language,
            category=self.category,
            components=self.components(),
            parameter_format="NAMED" if self.named else "POSITIONAL",
        )

    def components(self, before: Template | None = None) -> list[Json]:
        """In Meta's shape. Of ``before`` everything is kept that the form does not show: buttons, a
        header that is a file or a place, components of newer sorts."""
        kept = {part.type: dict(part.definition) for part in before.components} if before else {}
        fresh: dict[str, Json | None] = {
            "HEADER": kept.get("HEADER") if has_other_header(before) else self._header(),
            "BODY": self._body(kept.get("BODY", {})),
            "FOOTER": {"type": "FOOTER", "text": self.footer} if self.footer else None,
        }
        order = dict.fromkeys([*fresh, *kept])
        made = (fresh.get(sort, kept.get(sort)) for sort in order)
        return [one for one in made if one]

    @property
    def _samples(self) -> list[str]:
        return [line.strip() for line in self.examples.splitlines() if line.strip()]

    def _header(self) -> Json | None:
        if not self.header:
            return None
        samples = [self.header_example] if self.header_example else []
        return {"format": "TEXT", **self._part("HEADER", self.header, samples)}

    def _body(self, before: Json) -> Json:
        rest = {name: value for name, value in before.items() if name != "example"}
        return {**rest, **self._part("BODY", self.body, self._samples)}

    def _part(self, sort: str, text: str, samples: list[str]) -> Json:
        names = names_in(text)
        made: Json = {"type": sort, "text": text}
        if not names:
            return made
        place = f"{sort.lower()}_text"
        if self.named:
            pairs = zip(names, samples, strict=False)
            params = [{"param_name": name, "example": sample} for name, sample in pairs]
            return {**made, "example": {f"{place}_named_params": params}}
        return {**made, "example": {place: [samples] if sort == "BODY" else samples}}


def editable(template: Template) -> bool:
    """Whether the form can show what a change would send."""
    return template.status in EDITABLE and not template.one_time_code and template.body is not None


def has_other_header(template: Template | None) -> bool:
    """One that is a file or a place, which the form does not show."""
    header = template.header if template else None
    return header is not None and header.format not in ("", "TEXT")


def problems(draft: Draft, *, new: bool = True) -> dict[str, str]:
    """Field -> what is wrong. Name, language and category only of a ``new`` one."""
    found = dict(_of_a_new_one(draft)) if new else {}
    found |= dict(_lengths(draft))
    for place, told in (("header", _header(draft)), ("body", _body(draft)), *_mixed(draft)):
        if told:
            found.setdefault(place, told)
    if VARIABLE.search(draft.footer):
        found.setdefault("footer", "A footer has no variables.")
    for place, told in _missing_examples(draft):
        found.setdefault(place, told)
    return found


def _of_a_new_one(draft: Draft) -> Iterator[tuple[str, str]]:
    if not _NAME.fullmatch(draft.name):
        better = re.sub(r"[^a-z0-9]+", "_", draft.name.lower()).strip("_")
        tip = f" For instance: {better[:60]}" if better else ""
        yield "name", f"A name has small letters, digits and underscores only.{tip}"
    if not draft.language:
        yield "language", "Choose the language of the text."
    if draft.category not in CATEGORIES:
        yield "category", "Choose a category."


def _lengths(draft: Draft) -> Iterator[tuple[str, str]]:
    for field, most in LONGEST.items():
        length = len(getattr(draft, field))
        if length > most:
            yield field, f"That is {length:,} characters; WhatsApp takes {most:,}."


def _header(draft: Draft) -> str:
    if "\n" in draft.header:
        return "A heading is one line."
    if len(names_in(draft.header)) > 1:
        return "A heading has one variable at the most."
    return _badly_named(draft.header)


def _body(draft: Draft) -> str:
    if not draft.body:
        return "Write what the message says."
    found = list(VARIABLE.finditer(draft.body))
    if found and (found[0].start() == 0 or found[-1].end() == len(draft.body)):
        return "A variable cannot stand at the very start or end. Put a word or a full stop there."
    return _badly_named(draft.body)


def _badly_named(text: str) -> str:
    rest = VARIABLE.sub("", text)
    if "{{" in rest or "}}" in rest:
        return NO_VARIABLE
    names = names_in(text)
    numbers = [name for name in names if name.isdigit()]
    if numbers and len(numbers) == len(names):
        if list(names) != [str(number) for number in range(1, len(names) + 1)]:
            return "Number the variables {{1}}, {{2}} and so on, without a gap."
    elif not all(_VARIABLE_NAME.fullmatch(name) for name in names if not name.isdigit()):
        return NO_VARIABLE
    return ""


def _mixed(draft: Draft) -> Iterator[tuple[str, str]]:
    kinds = {name.isdigit() for name in names_in(f"{draft.header}\n{draft.body}")}
    if len(kinds) > 1:
        yield "body", "Give all variables numbers, or all of them names."


def _missing_examples(draft: Draft) -> Iterator[tuple[str, str]]:
    if names_in(draft.header) and not draft.header_example:
        yield "header_example", "Give an example of the heading’s variable."
    wanted = len(names_in(draft.body))
    given = len([line for line in draft.examples.splitlines() if line.strip()])
    if given != wanted:
        needs = "no line" if not wanted else "one line" if wanted == 1 else f"{wanted} lines"
        yield "examples", f"The text has {_count(wanted)}, so write {needs} here, one for each."


def _count(variables: int) -> str:
    return {0: "no variables", 1: "one variable"}.get(variables, f"{variables} variables")


def _examples(part: Header | Body | Footer | None) -> list[str]:
    return [variable.example for variable in part.variables()] if part else []
