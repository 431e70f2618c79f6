"""The values of a template's fields, however they were typed or pasted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.rules import validate_values
from bot.templates.field_values import normalize_values, remove_beginning
from tests.templates.builders import (
    build_body_component,
    build_buttons_component,
    build_header_component,
    build_template,
    build_url_button,
)

BEGINNING = "https://acme.example/p/"
KEY = "var_button_0_1"
TEMPLATE = build_template(
    build_body_component("Hi."),
    build_buttons_component(build_url_button(address=f"{BEGINNING}{{{{1}}}}")),
)
QUERY = build_template(
    build_body_component("Hi."),
    build_buttons_component(build_url_button(address="https://acme.example/go?to={{1}}")),
)


@pytest.mark.parametrize(
    "typed",
    [
        "P17",
        "/P17",
        "https://acme.example/p/P17",
        "http://acme.example/p/P17",
        "HTTPS://ACME.example/p/P17",
        "acme.example/p/P17",
        "//acme.example/p/P17",
        "www.acme.example/p/P17",
        "https://www.acme.example/p/P17",
        "https://acme.example/p//P17",
        "https://acme.example/p/https://acme.example/p/P17",
        "https://acme.example/p/acme.example/p/P17",
        " https://acme.example/p/P17\u200b",
        "\u202aP17\u202c",
        "/p/P17",
    ],
)
def test_end_of_a_link_loses_the_beginning_that_is_there_already(typed: str) -> None:
    assert normalize_values(TEMPLATE, {KEY: typed})[KEY] == "P17"
    assert validate_values(TEMPLATE, {KEY: typed}) == {}


@pytest.mark.parametrize(
    "typed",
    [
        "https://acme.example/q/P17",
        "https://other.example/p/P17",
        "http://acme.example:8080/p/P17",
        "www.other.example/P17",
        "acme.example/q/P17",
        "ftp://acme.example/P17",
        "https://acme.example/p/",
        "https://acme.example/p/https://other.example/P17",
        "https%3A%2F%2Facme.example%2Fp%2FP17",
    ],
)
def test_another_link_as_the_end_of_a_link_is_explained(typed: str) -> None:
    assert validate_values(TEMPLATE, {KEY: typed}) == {
        KEY: f"This link already starts with {BEGINNING}. Enter only what follows."
    }


@pytest.mark.parametrize(
    "typed",
    ["https://other.example/x", "P17", "a/b?c=d#e", "www.x.example", "https://acme.example/x"],
)
def test_link_may_be_the_value_of_a_query(typed: str) -> None:
    assert normalize_values(QUERY, {KEY: typed})[KEY] == typed
    assert validate_values(QUERY, {KEY: typed}) == {}


@pytest.mark.parametrize(
    "typed", ["https://acme.example/go?to=17", "acme.example/go?to=17", "?to=17"]
)
def test_value_of_a_query_loses_the_beginning_too(typed: str) -> None:
    assert normalize_values(QUERY, {KEY: typed})[KEY] == "17"


@pytest.mark.parametrize(
    "typed", ["https://acme.example/go/?to=17", "https://www.acme.example/go?from=mail&to=17"]
)
def test_another_link_to_the_page_of_a_query_is_explained(typed: str) -> None:
    assert list(validate_values(QUERY, {KEY: typed})) == [KEY]


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12),
    st.integers(0, 4),
    st.sampled_from(["https://", "http://", ""]),
)
def test_beginning_pasted_any_number_of_times_is_removed(end: str, count: int, scheme: str) -> None:
    assert remove_beginning(f"{scheme}acme.example/p/" * count + end, BEGINNING) == end


def test_links_and_codes_lose_invisible_characters_and_texts_keep_joiners() -> None:
    template = build_template(
        build_header_component(media_format="DOCUMENT"), build_body_component("Hi {{1}}.", "a")
    )
    text = "👩\u200d💻 می\u200cخواهم"
    values = {"media": "\ufeffhttps://acme.example/a\u00ad.pdf\u200e", "var_body_1": f" {text} "}
    assert normalize_values(template, values) == {
        "media": "https://acme.example/a.pdf",
        "var_body_1": text,
    }


@pytest.mark.parametrize("name", ["a/b.pdf", "..\\b.pdf", "x" * 241])
def test_name_of_a_document_is_checked(name: str) -> None:
    template = build_template(
        build_header_component(media_format="DOCUMENT"), build_body_component("Hi.")
    )
    values = {"media": "https://acme.example/a", "filename": name}
    assert list(validate_values(template, values)) == ["filename"]
