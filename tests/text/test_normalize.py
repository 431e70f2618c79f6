"""Names as they are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.normalize import normalize, sort_tokens, tokenize


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("John Doe", "JOHN DOE"),
        ("Siobhán O’Brien", "siobhan o'brien"),
        ("Łukasz Żółć", "lukasz zolc"),
        ("Søren Ærø", "soren aero"),
        ("Straße", "STRASSE"),
        ("José", "Jose\u0301"),
        ("İpek", "ipek"),
        ("Ｊｏｈｎ", "john"),
        ("D`Angelo", "d'angelo"),
        ("𝐉𝐨𝐡𝐧", "john"),
    ],
)
def test_equivalent_spellings_normalize_equally(one: str, other: str) -> None:
    assert normalize(one) == normalize(other)


def test_words_are_found_whatever_separates_them() -> None:
    assert tokenize("  Maria-José   de_la.Cruz ") == ("maria", "jose", "de", "la", "cruz")


def test_an_emoji_is_a_word_and_punctuation_is_none() -> None:
    assert set(tokenize("Zoë 🌻")) == {"zoe", "🌻"}
    assert tokenize("<!> & …") == ()


def test_right_to_left_names_keep_their_letters() -> None:
    assert tokenize("ليلى منصور") == ("ليلى", "منصور")
    assert tokenize("\u2067נועם\u2069 לוי") == ("נועם", "לוי")


def test_sorted_tokens_ignore_order() -> None:
    assert sort_tokens(tokenize("doe john")) == sort_tokens(tokenize("John  Doe"))


@given(st.text())
def test_normalization_is_idempotent_for_any_text(text: str) -> None:
    words = tokenize(text)
    assert sorted(tokenize(" ".join(words))) == sorted(words)
    assert all(words)
