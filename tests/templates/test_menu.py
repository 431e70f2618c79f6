"""The order of the menu of templates: a table of what people type, and the options themselves."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from bot.chakra.template import Template
from bot.sandbox.chakra.template import load_templates
from bot.templates.catalog import TemplateIndex
from bot.templates.languages import (
    explain_blocked,
    explain_language,
    find_languages,
    list_sendable_variants,
)
from bot.templates.menu import (
    MAX_OPTIONS,
    MORE,
    build_menu_choices,
    build_template_choice,
    rank_templates,
)
from bot.templates.send_blockers import explain_blocker
from tests.templates.builders import build_body_component, build_template

QUERIES = Path(__file__).parents[1] / "data" / "template_queries.txt"
INDEX = TemplateIndex.build(
    Template.model_validate(template.model_dump()) for template in load_templates()
)
LINES = [
    line for line in QUERIES.read_text().splitlines() if line.strip() and not line.startswith("#")
]


def rank(query: str, *last_used: tuple[str, str]) -> list[str]:
    """Return ``name/language``, with "!" if it can't be sent."""
    ranked = rank_templates(INDEX, query, last_used)
    return [
        f"{item.name}/{item.language}" + ("!" if explain_blocker(item) else "") for item in ranked
    ]


@pytest.mark.parametrize("line", LINES)
def test_the_best_match_comes_first(line: str) -> None:
    query, _, wanted = line.partition("=>")
    expected = wanted.replace("~", "").split()
    found = rank(query)
    if not expected or "~" in wanted:
        names = {option.partition("/")[0] for option in found}
        assert names == {option.partition("/")[0].rstrip("!") for option in expected}
    for option, entry in zip(expected, found, strict=False):
        shown = entry if "/" in option else entry.partition("/")[0] + "!" * entry.endswith("!")
        assert shown == option, found[:8]
    assert len(found) >= len(expected)


def test_the_table_is_long_enough() -> None:
    assert len(LINES) >= 60


@pytest.mark.parametrize("name", INDEX.by_name)
def test_a_whole_name_always_comes_first(name: str) -> None:
    assert rank_templates(INDEX, name, ())[0].name == name
    assert rank_templates(INDEX, name.replace("_", " ").upper(), ())[0].name == name


@pytest.mark.parametrize("query", ["", "order", "offer", "reminder", "code", "hindi", "ordr", "e"])
def test_what_cannot_be_sent_comes_last_and_languages_stay_together(query: str) -> None:
    ranked = rank_templates(INDEX, query, [("order_update", "es")])
    blocked = [bool(explain_blocker(template)) for template in ranked]
    assert blocked == sorted(blocked)
    assert len({template.id for template in ranked}) == len(ranked)
    for group in (False, True):
        names = [item.name for item, out in zip(ranked, blocked, strict=True) if out is group]
        assert len(set(names)) == bool(names) + sum(a != b for a, b in pairwise(names))


def test_nothing_typed_offers_the_last_used_first() -> None:
    used = ("order_update", "es"), ("diwali_offer", "hi")
    found = rank("", *used)
    assert found[0] == "order_update/es"
    assert found.index("diwali_offer/hi") < found.index("account_created/en")
    assert len(found) == len(INDEX.templates)
    assert rank("offer", *used)[0] == "diwali_offer/hi"
    assert rank("order", *used)[0] == "order_update/es"
    assert rank("payment_reminder", *used)[0] == "payment_reminder/en"


@pytest.mark.parametrize(
    ("locale", "first"),
    [("es-ES", "es"), ("pt-BR", "pt_BR"), ("pt-PT", "pt_BR"), ("hi-IN", "hi"), ("ja-JP", "en")],
)
def test_a_name_begins_with_the_persons_language(locale: str, first: str) -> None:
    found = rank_templates(INDEX, "payment_reminder", [("payment_reminder", "ar")], locale)
    assert found[0].language == ("ar" if first == "en" else first)
    nothing_typed = rank_templates(INDEX, "", [("payment_reminder", "ar")], locale)
    assert (nothing_typed[0].name, nothing_typed[0].language) == ("payment_reminder", "ar")


def test_an_option_says_its_language_and_why_it_cannot_be_sent() -> None:
    [spanish] = rank_templates(INDEX, "payment_reminder spanish", ())
    assert build_template_choice(spanish).text == "payment_reminder · Spanish"
    assert build_template_choice(spanish).description == "Utility"
    [payslip] = rank_templates(INDEX, "payslip", ())
    assert build_template_choice(payslip).description == "Can't be sent: paused"


def test_a_long_name_keeps_its_end_and_its_language() -> None:
    names = [f"{'a' * 300}_{end}" for end in ("january", "february")]
    templates = [
        build_template(build_body_component("Hi"), name=name, language="pt_BR") for name in names
    ]
    texts = [build_template_choice(template).text for template in templates]
    assert all(len(text) <= 75 for text in texts)
    assert [text.endswith("y · Portuguese (Brazil)") for text in texts] == [True, True]
    assert texts[0] != texts[1]


def test_a_long_menu_says_that_there_is_more() -> None:
    choices = build_menu_choices(INDEX, rank_templates(INDEX, "", ()))
    assert len(choices) == MAX_OPTIONS
    assert choices[-1].value == MORE
    assert choices[-1].description == f"{len(INDEX.templates) - 99} more"
    assert len(build_menu_choices(INDEX, INDEX.templates[:100])) == 100
    assert build_menu_choices(INDEX, INDEX.templates[:100])[-1].value != MORE


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("spanish", ("es",)), ("Español", ("es",)), ("es", ("es",)), ("span", ("es",)),
        ("english", ("en", "en_US")), ("en", ("en", "en_US")), ("en_US", ("en_US",)),
        ("en-us", ("en_US",)), ("English (US)", ("en_US",)), ("american english", ("en_US",)),
        ("portuguese", ("pt_BR",)), ("brazilian portuguese", ("pt_BR",)), ("pt-br", ("pt_BR",)),
        ("Deutsch", ("de",)), ("german", ("de",)), ("हिंदी", ("hi",)), ("हिन्दी", ("hi",)),
        ("farsi", ("fa",)), ("persian", ("fa",)), ("klingon", ()), ("", ()), ("us", ()),
        ("english uk", ()), ("e", ()), ("order", ()),
    ],
)  # fmt: skip
def test_languages_are_found_by_their_names_and_codes(typed: str, codes: tuple[str, ...]) -> None:
    available = sorted({template.language for template in INDEX.templates})
    assert find_languages(typed, available) == codes


def test_the_form_says_that_the_usual_language_cannot_be_sent() -> None:
    family = INDEX.by_name["renewal_notice"]
    french, german = list_sendable_variants(family)
    assert (french.language, german.language) == ("fr", "de")
    assert explain_language(french, family) == (
        "renewal_notice can't be sent in English (rejected). This is the French one."
    )
    assert not explain_language(family[0], family)
    update = INDEX.by_name["order_update"]
    assert not any(explain_language(template, update) for template in update)


def test_a_blocked_language_names_those_that_can_be_sent() -> None:
    family = INDEX.by_name["renewal_notice"]
    assert explain_blocked(family[-1], family[:2]) == ""
    english = next(template for template in family if template.language == "en")
    assert explain_blocked(english, family) == (
        "WhatsApp rejected this template, so it can't be sent. You can send it in French or German."
    )
    [payslip] = INDEX.by_name["payslip"]
    assert explain_blocked(payslip, [payslip]) == explain_blocker(payslip)
    cart = INDEX.by_name["cart_reminder"]
    spanish = next(template for template in cart if template.language == "es")
    assert "in English, Hindi, French, Portuguese (Brazil) or Indonesian." in explain_blocked(
        spanish, cart
    )
