"""The words of a list of templates: status, category, language, name and text."""

from __future__ import annotations

import pytest

from bot.templates.catalog import TemplateIndex
from bot.templates.list_words import TemplateWords, resolve_languages, understand_words
from tests.templates.builders import build_body_component, build_template

INDEX = TemplateIndex.build(
    [
        build_template(
            build_body_component("Your order is here."),
            name="order_update",
            language="en_US",
            id="1",
        ),
        build_template(
            build_body_component("Tu pedido."), name="order_update", language="es", id="2"
        ),
        build_template(
            build_body_component("Seu pedido."), name="order_update", language="pt_BR", id="3"
        ),
        build_template(
            build_body_component("Pay now."),
            name="payment_pending",
            language="en_US",
            id="4",
            status="PENDING",
        ),
        build_template(
            build_body_component("A sale."),
            name="spring_sale",
            language="en_US",
            id="5",
            category="MARKETING",
        ),
    ]
)


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("", TemplateWords()),
        ("order", TemplateWords("order")),
        ("order_update", TemplateWords("order_update")),
        ("Order Update", TemplateWords("Order Update")),
        ("payment pending", TemplateWords("payment pending")),
        ("pending", TemplateWords(status="pending")),
        ("in review", TemplateWords(status="pending")),
        ("all approved templates", TemplateWords(status="approved")),
        ("marketing", TemplateWords(category="marketing")),
        ("promotional", TemplateWords(category="marketing")),
        ("spanish", TemplateWords(languages=("es",))),
        ("Español", TemplateWords(languages=("es",))),
        ("in english", TemplateWords(languages=("en_US",))),
        ("portuguese brazil", TemplateWords(languages=("pt_BR",))),
        ("approved english order", TemplateWords("order", "approved", languages=("en_US",))),
        ("order templates in spanish", TemplateWords("order", languages=("es",))),
        ("spanish pineapple", TemplateWords(languages=("es",), unused=("pineapple",))),
        ("order pineapple", TemplateWords("order", unused=("pineapple",))),
        ("pineapple", TemplateWords("pineapple")),
        ("templates about order", TemplateWords("order")),
    ],
)
def test_words_of_a_list(typed: str, meaning: TemplateWords) -> None:
    assert understand_words(typed, INDEX) == meaning


def test_named_filters_win() -> None:
    meaning = understand_words("order spanish", INDEX, status="approved", language="english")
    assert (meaning.status, meaning.languages) == ("approved", ("en_US",))
    assert meaning.unused == ("spanish",)


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("spanish", ("es",)),
        ("en", ("en_US", "en_GB")),
        ("English", ("en_US", "en_GB")),
        ("pt-br", ("pt_BR",)),
        ("PT_BR", ("pt_BR",)),
        ("portuguese brazil", ("pt_BR",)),
        ("klingon", ()),
        ("", ()),
    ],
)
def test_a_language_is_a_name_or_a_code(typed: str, codes: tuple[str, ...]) -> None:
    assert resolve_languages(typed, ("en_US", "en_GB", "es", "pt_BR")) == codes
