"""The labels of numbered variables: the words around them."""

from __future__ import annotations

import pytest

from bot.templates.variables import quote_words_around


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Your order {{1}} has left.", "1", "Your order ‹1› has left."),
        ("Hi {{1}}, your order {{2}} is here", "2", "Hi ‹1›, your order ‹2› is here"),
        ("Hi {{ 1 }}!\nSee you", "1", "Hi ‹1›! See you"),
        ("*Hi {{1}}*", "1", "Hi ‹1›"),
        ("{{1}}", "1", ""),
        ("{{1}} · {{2}}", "1", "‹1› · ‹2›"),
        ("... {{1}} !", "1", ""),
        ("No variable", "1", ""),
        (
            "We are glad to tell you that the delivery of order {{1}} is planned for next week.",
            "1",
            "…to tell you that the delivery of order ‹1› is planned for next week.",
        ),
        ("नमस्ते {{1}}, आपका ऑर्डर", "1", "नमस्ते ‹1›, आपका ऑर्डर"),
        (
            "{{1}} " + "x" * 60,
            "1",
            "‹1› " + "x" * 39 + "…",
        ),
    ],
)
def test_label_has_the_words_around_the_variable(text: str, name: str, expected: str) -> None:
    assert quote_words_around(text, name) == expected
