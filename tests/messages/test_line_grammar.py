"""What typed lines mean: a table of lines, and properties of any line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.models import PhoneNumber
from bot.chakra.template import Template
from bot.messages.command_line import ARGUMENT_NAMES, ParsedLine, parse_line, reparse
from bot.messages.line_values import list_variable_names
from bot.messages.typed_line import TypedLine, Word
from bot.sandbox.chakra.template import load_templates
from bot.slack.commands.arguments import Arguments, parse_arguments
from bot.templates.catalog import TemplateIndex
from bot.text.normalize import tokenize

LINES_PATH = Path(__file__).parents[1] / "data" / "typed_lines_send.txt"
LINES = [
    line
    for line in LINES_PATH.read_text(encoding="utf-8").splitlines()
    if "=>" in line and not line.startswith("#")
]
INDEX = TemplateIndex.build(
    Template.model_validate(template.model_dump()) for template in load_templates()
)
SENDERS = tuple(
    PhoneNumber.model_validate({"id": key, "verified_name": name, "display_phone_number": number})
    for key, name, number in (
        ("1", "Acme Sales", "+1 202 555 0190"),
        ("2", "Acme Support", "+1 202 555 0191"),
    )
)
PEOPLE = (
    "Priya Sharma priya",
    "Mei Tanaka mei",
    "John Doe johndoe",
    "Maria Garcia mgarcia",
    "Tomás Iglesias",
    "Zoë Lindqvist",
)
_EXPECTED = re.compile(r'(\w+)=(?:"([^"]*)"|(\S+))|(guess)\b|says:(.*)')


def is_person(name: str) -> bool:
    words = set(tokenize(name))
    return bool(words) and any(words <= set(tokenize(person)) for person in PEOPLE)


def understand_text(text: str, index: TemplateIndex | None = INDEX) -> ParsedLine:
    line = parse_arguments(f"send {text}", ARGUMENT_NAMES).skip_first()
    parsed = parse_line(read(line), index, SENDERS, is_person=is_person)
    names = list_variable_names(parsed.template) if parsed.template else []
    return parse_line(read(reparse(line, names)), index, SENDERS, is_person=is_person)


def read(line: Arguments) -> TypedLine:
    words = [
        Word.read(word.text, run, quoted=word.quoted)
        for run, words in enumerate(line.split_runs())
        for word in words
    ]
    named = {name: word.text for name, word in line.named.items()}
    return TypedLine(tuple(words), named, line.repeated)


def describe(parsed: ParsedLine) -> dict[str, str]:
    """Return what the table names, without what is empty."""
    template, form = parsed.template, parsed.form
    found = {
        "template": f"{template.name}/{template.language}" if template else "",
        "to": form.to,
        "from": form.sender,
        "guess": "guess" if parsed.is_guess else "",
        "carries": str(len(json.loads(form.typed_values))) if form.typed_values else "",
        "notes": str(len(parsed.notes)),
    }
    for key, value in form.values.items():
        found[key.replace("var_body_", "").replace("var_header_", "h")] = value
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize("line", LINES)
def test_typed_line_is_understood(line: str) -> None:
    typed, _, wanted = line.partition("=>")
    expected: dict[str, str] = {}
    says = ""
    for name, quoted, bare, guess, words in _EXPECTED.findall(wanted):
        says = words.strip() or says
        if name or guess:
            expected[name or guess] = quoted or bare or guess
    expected.pop("language", None)
    parsed = understand_text(typed.strip())
    found = describe(parsed)
    if "/" not in expected.get("template", "/"):
        found["template"] = found.get("template", "").partition("/")[0]
    assert found == expected, parsed.notes
    assert says in " ".join(parsed.notes)


def test_the_table_is_long_enough() -> None:
    assert len(LINES) >= 120


@given(
    st.lists(
        st.sampled_from(
            [
                *["to", "in", "from", "the", "lead", "mei", "hello", "order_update", "spanish"],
                '"a b"',
                "1=x",
                "LEAD-1",
                "+12025550101",
                "hi",
                "aarav,",
                "zz",
                "your",
                "2=y",
            ]
        ),
        max_size=8,
    )
)
def test_every_word_is_in_a_field_or_named(words: list[str]) -> None:
    parsed = understand_text(" ".join(words))
    form = parsed.form
    everything = " ".join(
        [form.to, form.typed_values, *form.values.values(), *parsed.notes]
        + ([parsed.template.name, parsed.template.language] if parsed.template else [])
    ).casefold()
    for word in words:
        text = word.strip('",').partition("=")[2] or word.strip('",')
        if text in ("to", "in", "from", "the", "spanish", "hello"):
            continue
        assert text.casefold() in everything or "twice" in everything, (word, everything)
