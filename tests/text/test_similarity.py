"""Which words count as similar, and in which order."""

from __future__ import annotations

from bot.text.similarity import find_similar

WORDS = ("send", "status", "user", "users")


def test_similar_words_come_most_similar_first_with_their_positions() -> None:
    found = find_similar("usr", WORDS, min_score=60)
    assert [(similar.word, similar.position) for similar in found] == [("user", 2), ("users", 3)]
    assert found[0].score > found[1].score >= 60


def test_at_most_limit_words_are_returned() -> None:
    assert [similar.word for similar in find_similar("usr", WORDS, min_score=60, limit=1)] == [
        "user"
    ]


def test_nothing_similar_gives_nothing() -> None:
    assert find_similar("zzz", WORDS, min_score=60) == []


def test_part_of_a_name_counts_only_if_asked_for() -> None:
    names = ("phonenumber",)
    assert find_similar("phone", names, min_score=80) == []
    assert len(find_similar("phone", names, min_score=80, match_parts=True)) == 1
