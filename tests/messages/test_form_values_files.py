"""The files of an order: read from a form, shown by their name, never carried by a button."""

from __future__ import annotations

import json

import pytest

from bot.errors import UsageError
from bot.messages.form_values import MAX_STATE_LENGTH, SendForm
from bot.slack.commands.command import UploadedFile

FILE = UploadedFile("F1", "tree.png", "image/png", 7)
VALUES = {"template": "1", "phone": " +1 202 ", "var_body_1": "Jane", "file": "", "media": ""}


def test_chosen_file_is_among_the_values_by_name() -> None:
    order = SendForm.from_values(VALUES, {"asked": "7"}, {"file": (FILE,), "other": ()})
    assert order.values == {"var_body_1": "Jane", "file": "tree.png"}
    assert (order.files, order.confirmed_duplicate_of, order.to) == (
        {"file": (FILE,)},
        "7",
        "+1 202",
    )
    nameless = SendForm.from_values(VALUES, uploads={"file": (UploadedFile("F1"),)})
    assert nameless.values["file"] == "F1"


def test_without_a_file_there_is_none_among_the_values() -> None:
    for typed in (VALUES, {**VALUES, "file": "F1"}):
        order = SendForm.from_values(typed)
        assert (order.values, order.files) == ({"var_body_1": "Jane"}, {})


def test_button_tokens_contain_no_file() -> None:
    order = SendForm.from_values(VALUES, uploads={"file": (FILE,)})
    again = SendForm.from_value(order.to_value())
    assert (again.values, again.files) == ({"var_body_1": "Jane"}, {})
    assert "tree" not in order.to_value()
    forged = order.to_value().replace('"var_body_1"', '"file"')
    assert SendForm.from_value(forged).values == {}


def test_the_file_of_a_card_belongs_to_its_field() -> None:
    order = SendForm.from_values(
        {**VALUES, "card_1_file": "F1", "card_0_media": "https://x.example/a.png"},
        uploads={"card_1_file": (FILE,)},
    )
    assert order.values == {
        "var_body_1": "Jane",
        "card_0_media": "https://x.example/a.png",
        "card_1_file": "tree.png",
    }
    assert order.files == {"card_1_file": (FILE,)}
    assert "card_1_file" not in SendForm.from_value(order.to_value()).values


def test_a_form_carries_the_files_of_ten_cards_with_other_long_values() -> None:
    files = {
        f"card_{number}_file": (
            UploadedFile(f"F0{number}ABCDEFGH", f"Summer sale {number}.png", "image/png", 71_000),
        )
        for number in range(10)
    }
    form = SendForm(
        earlier_files=files,
        typed_values=json.dumps([["", "word " * 150]]),
        candidates=tuple(f"b7c6a0b4-3f62-4b5e-9d3c-00000000000{number}" for number in range(8)),
        candidate_names="\n".join(f"Aarav Mehta {number} · lead" for number in range(8)),
        retry_of="12",
    )
    state = form.to_state()
    assert len(json.dumps(state, ensure_ascii=False)) <= MAX_STATE_LENGTH
    carried = SendForm.from_values({}, state)
    assert (carried.earlier_files, carried.typed_values) == (files, form.typed_values)
    assert (carried.candidates, carried.candidate_names) == (form.candidates, form.candidate_names)
    assert carried.retry_of == "12"


def test_a_form_refuses_what_it_cannot_carry() -> None:
    names = "".join(chr(0x4E00 + number) for number in range(3_000))
    with pytest.raises(UsageError):
        SendForm(candidate_names=names).to_state()


@pytest.mark.parametrize("packed", ["", "?", "eJw=", "é"])
def test_a_form_of_unreadable_state_is_empty(packed: str) -> None:
    assert SendForm.from_values({}, {"packed": packed}) == SendForm()
