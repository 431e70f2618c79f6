"""The words of "Check and send"."""

from __future__ import annotations

import pytest

from bot.messages.check_view import submit_label
from bot.messages.recipients import Recipient, RecipientKind

LABELS = [
    ("Mei Tanaka", "Send to Mei Tanaka", "Send again to Mei Tanaka"),
    ("王小明", "Send to 王小明", "Send again to 王小明"),
    ("محمد عبد الرحمن آل سعود", "Send to محمد س.", "Send again to محمد س."),
    ("Dr. Anna Maria Schmidt", "Send to Dr. Anna S.", "Send again to Dr. Anna"),
    ("Prof. Dr. Anna Featherstone", "Send to Prof. Anna F.", "Send again to Prof. Anna"),
    ("J. R. R. Tolkien", "Send to J. R. R. Tolkien", "Send again to J. Tolkien"),
    ("Dr.", "Send to Dr.", "Send again to Dr."),
    ("Supercalifragilisticexpi", "Send to Supercalifragil…", "Send again to Supercali…"),
    ("Anna Long Second \U0001f680", "Send to Anna", "Send again to Anna"),
    ("12345 678901234567", "Send to …2345", "Send again to …2345"),
    ("  ", "Send to …2345", "Send again to …2345"),
    ("", "Send to …2345", "Send again to …2345"),
]


@pytest.mark.parametrize(("name", "label", "again"), LABELS)
def test_the_button_names_the_recipient_in_24_characters(name: str, label: str, again: str) -> None:
    recipient = Recipient(RecipientKind.USER, "919999912345", "", name=name)
    assert submit_label(recipient) == label
    assert submit_label(recipient, is_repeat=True) == again
    assert max(len(label), len(again)) <= 24
