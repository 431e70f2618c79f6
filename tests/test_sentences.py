"""The file of sentences is in step with the source."""

from __future__ import annotations

from tests.sentences import FILE, collect


def test_file_has_every_sentence() -> None:
    assert FILE.read_text() == collect(), "Run `python -m tests.sentences --write`."
