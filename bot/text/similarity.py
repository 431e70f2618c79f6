"""Words ranked by how similar they are, for typing mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class SimilarWord(NamedTuple):
    """``score`` is at most 100; ``position`` is that in the given words."""

    word: str
    score: float
    position: int


def find_similar(
    typed: str,
    words: Sequence[str],
    *,
    min_score: float,
    limit: int | None = None,
    match_parts: bool = False,
) -> list[SimilarWord]:
    """Return the words with at least ``min_score``, the most similar first.

    With ``match_parts``, a word that contains the other counts as similar too (rapidfuzz's WRatio).
    """
    from rapidfuzz import fuzz, process  # 3 MB, which a bot without typing mistakes does not need

    return [
        SimilarWord(*found)
        for found in process.extract(
            typed,
            words,
            scorer=fuzz.WRatio if match_parts else fuzz.ratio,
            score_cutoff=min_score,
            limit=limit,
        )
    ]
