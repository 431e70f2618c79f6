"""Which messages of customers mean that they want no more of ours."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.customers.opt_in_phrases import START_PHRASES
from bot.customers.opt_out_phrases import (
    MARKETING_PHRASES,
    STOP_PHRASES,
    UNSURE_PHRASES,
)
from bot.customers.opt_out_words import MAX_READ_LENGTH, Intent, classify_text

TABLE = Path(__file__).parent.parent / "data" / "opt_out_messages.tsv"
LINES = [line.split("\t") for line in TABLE.read_text().splitlines()]
STOPS = sorted(chain.from_iterable(STOP_PHRASES.values()))
STARTS = sorted(chain.from_iterable(START_PHRASES.values()))
SIGNS = st.text(st.sampled_from("!.,;:?*_~\"'()[]-… \n\u200b\u200d🙏🏽😡👎❗"), max_size=6)


def test_table_of_messages() -> None:
    wrong = [
        f"{text!r}: {classify_text(text)} instead of {meant}"
        for meant, text in LINES
        if classify_text(text) != (None if meant == "none" else Intent(meant))
    ]
    assert len(LINES) >= 200
    assert wrong == []


def test_every_phrase_means_what_its_table_says() -> None:
    tables = {
        Intent.STOP: STOPS,
        Intent.STOP_MARKETING: sorted(MARKETING_PHRASES),
        Intent.START: STARTS,
        Intent.UNSURE: sorted(UNSURE_PHRASES),
    }
    wrong = [
        (phrase, intent, classify_text(phrase))
        for intent, phrases in tables.items()
        for phrase in phrases
        if classify_text(phrase) is not intent
    ]
    assert wrong == []


@given(st.sampled_from(STOPS), SIGNS, SIGNS)
def test_case_signs_and_emoji_change_nothing(phrase: str, before: str, after: str) -> None:
    assert classify_text(before + phrase.upper() + after) is Intent.STOP
    assert classify_text(f"{before} {phrase.title()} {after}") is Intent.STOP


@given(st.sampled_from([*STOPS, *STARTS]), st.sampled_from(["please", "thanks", "por favor"]))
def test_courtesies_change_nothing(phrase: str, courtesy: str) -> None:
    meant = classify_text(phrase)
    assert classify_text(f"{courtesy}, {phrase}") is meant
    assert classify_text(f"{phrase} {courtesy}!") is meant


@given(st.sampled_from(["bus", "non", "pit", "the", "last"]), st.text("abcdefgh", max_size=8))
def test_stop_as_a_word_among_others_is_no_request(before: str, after: str) -> None:
    assert classify_text(f"{before} stop {after}") is None


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert classify_text(text) in {None, *Intent}


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "a" * 60_000, "stop " * 20_000])
def test_empty_broken_and_giant_texts(text: str) -> None:
    assert classify_text(text) in {None, Intent.UNSURE, Intent.STOP}


def test_a_letter_is_for_people_to_read() -> None:
    assert classify_text("unsubscribe me. " + "I have been a customer for years. " * 20) is None
    assert MAX_READ_LENGTH < 20 * 34
