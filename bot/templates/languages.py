"""Languages as people name them, and the variants of a template in them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

from bot.chakra.template import Template
from bot.templates import vocabulary
from bot.templates.send_blockers import describe_blocker, explain_blocker
from bot.text.normalize import tokenize

MIN_PREFIX_LENGTH = 3
"""Letters of a language's name that identify it while it is typed."""

NATIVE_NAMES: Mapping[str, str] = {
    "af": "Afrikaans", "ar": "العربية", "az": "Azərbaycan", "bn": "বাংলা", "bg": "Български",
    "ca": "Català", "cs": "Čeština", "da": "Dansk", "de": "Deutsch", "el": "Ελληνικά",
    "es": "Español Castellano", "et": "Eesti", "fa": "فارسی Farsi", "fi": "Suomi",
    "fil": "Tagalog", "fr": "Français", "gu": "ગુજરાતી", "he": "עברית", "hi": "हिन्दी हिंदी",
    "hr": "Hrvatski", "hu": "Magyar", "id": "Bahasa", "it": "Italiano", "ja": "日本語",
    "kn": "ಕನ್ನಡ", "ko": "한국어", "lt": "Lietuvių", "lv": "Latviešu", "ml": "മലയാളം",
    "mr": "मराठी", "ms": "Melayu", "nb": "Norsk", "nl": "Nederlands", "pa": "ਪੰਜਾਬੀ",
    "pl": "Polski", "pt": "Português", "ro": "Română", "ru": "Русский", "sk": "Slovenčina",
    "sl": "Slovenščina", "sr": "Српски", "sv": "Svenska", "sw": "Kiswahili", "ta": "தமிழ்",
    "te": "తెలుగు", "th": "ไทย", "tr": "Türkçe", "uk": "Українська", "ur": "اردو",
    "vi": "Việt", "zh": "中文 Mandarin",
}  # fmt: skip
"""A base code -> what its speakers call the language."""
VARIANT_NAMES: Mapping[str, str] = {
    "en_US": "American", "en_GB": "British", "pt_BR": "Brazilian", "es_MX": "Mexican",
    "es_AR": "Argentinian", "zh_CN": "Simplified", "zh_TW": "Traditional",
}  # fmt: skip
"""A code -> what people call the language of that country."""


def find_languages(typed: str, codes: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``codes`` that a typed language names, by its name or code; () if none.

    ``English`` and ``en`` name ``en_US`` too; ``pt-br`` names ``pt_BR`` alone.
    """
    words = tokenize(typed)
    return tuple(code for code in codes if words and split_language(words, code) == ((), True))


def split_language(words: Sequence[str], code: str) -> tuple[tuple[str, ...], bool]:
    """Return the words that don't name the language, and whether the others do."""
    bases, regions = _list_language_words(code)
    if not any(_is_name(word, bases) for word in words):
        return tuple(words), False
    known = bases | regions
    rest = tuple(word for word in words if word != "in" and not _is_name(word, known))
    return rest, True


def remove_language(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words without those for a language that WhatsApp knows."""
    return min((split_language(words, code)[0] for code in vocabulary.LANGUAGES), key=len)


def list_sendable_variants(family: Sequence[Template]) -> tuple[Template, ...]:
    """Return the languages in which a name can be sent, for the form's language menu."""
    return tuple(template for template in family if not explain_blocker(template))


def explain_blocked(template: Template, family: Sequence[Template]) -> str:
    """Return why the template can't be sent, and in which languages it can; "" if it can."""
    reason = explain_blocker(template)
    names = [
        vocabulary.format_language_name(item.language) for item in list_sendable_variants(family)
    ]
    if not reason or not names:
        return reason
    listed = " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{reason} You can send it in {listed}."


def explain_language(template: Template, family: Sequence[Template]) -> str:
    """Return a sentence if the usual language of the name can't be sent and this one is; or "".

    ``family`` is the name in every language, the account's most used language first.
    """
    usual = family[0] if family else template
    if usual.id == template.id or not explain_blocker(usual):
        return ""
    return (
        f"{template.name} can't be sent in {vocabulary.format_language_name(usual.language)} "
        f"({describe_blocker(usual)}). "
        f"This is the {vocabulary.format_language_name(template.language)} one."
    )


def _is_name(word: str, names: Collection[str]) -> bool:
    if word in names:
        return True
    return len(word) >= MIN_PREFIX_LENGTH and any(
        name.startswith(word) for name in names if len(name) > MIN_PREFIX_LENGTH
    )


@cache
def _list_language_words(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words for the language, and those for its country."""
    base, _, region = code.partition("_")
    name, _, country = vocabulary.format_language_name(code).partition("(")
    others = f"{NATIVE_NAMES.get(base, '')} {VARIANT_NAMES.get(code, '')}"
    bases = {base.lower(), *tokenize(f"{name} {others}")}
    regions = {region.lower(), *tokenize(country)}
    return frozenset(bases - {""}), frozenset(regions - {""})
