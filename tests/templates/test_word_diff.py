"""Diffs of texts, as Slack shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.templates.word_diff import diff_words

CASES = [
    ("a b c", "a b c", ""),
    ("a b", " a  b ", ""),
    ("", "", ""),
    ("", "new", "*new*"),
    ("old", "", "~old~"),
    ("Hi {{1}}, bye", "Hi {{1}}, see you", "Hi ‹1›, ~bye~ *see you*"),
    ("Hi {{ name }}", "Hi {{name}}", ""),
    ("Hi {{1}}", "Hi {{2}}", "Hi ~‹1›~ *‹2›*"),
    ("one\ntwo three", "one\n2 three", "one\n~two~ *2* three"),
    ("one", "one\n\ntwo", "one\n\n*two*"),
    ("one\n\ntwo", "one", "one ~two~"),
    ("a", "<b> & c", "~a~ *&lt;b&gt; &amp; c*"),
    ("*bold* a", "*bold* b", "bold ~a~ *b*"),
    ("a_b", "a_c", "~ab~ *ac*"),
    ("注文は完了", "注文は発送", "~注文は完了~ *注文は発送*"),
    ("a ```x``` b", "a b", "a ~x~ b"),
]


@pytest.mark.parametrize(("old", "new", "shown"), CASES)
def test_diff(old: str, new: str, shown: str) -> None:
    assert diff_words(old, new) == shown


TEXTS = st.text(st.sampled_from("ab <>&*~_`\n{}1"), max_size=40)


@given(TEXTS, TEXTS)
def test_each_line_has_its_marks_closed(old: str, new: str) -> None:
    shown = diff_words(old, new)
    for line in shown.split("\n"):
        assert line.count("*") % 2 == 0
        assert line.count("~") % 2 == 0
    assert "<" not in shown
    assert diff_words(old, old) == ""
