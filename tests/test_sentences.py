"""The sentences that people read are found in the source, and none blames anyone or jokes."""

from __future__ import annotations

import re

from tests.sentences import collect

UNKIND = re.compile(
    r"\b(oops|whoops|uh-oh|yikes|unfortunately|illegal|fatal|aborted|bad request|invalid input|"
    r"you (failed|forgot|must)|your (fault|mistake))\b",
    re.IGNORECASE,
)


def test_no_sentence_blames_or_jokes() -> None:
    assert [line for line in collect().splitlines() if UNKIND.search(line)] == [], (
        "say what happened, what it means and what to do"
    )


def test_sentences_are_found_and_docstrings_are_not() -> None:
    found = collect()
    assert "# commands/status.py" in found
    assert "show whether Chakra and Slack respond" in found
    assert "``/chakra" not in found
