"""The files of an order: read from a form, shown by their name, never carried by a button."""

from __future__ import annotations

from bot.messages.form_values import SendForm
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
