"""Meta's words for a template's state, category, quality and language, in ours."""

from __future__ import annotations

from collections.abc import Mapping

STATES: Mapping[str, tuple[str, str]] = {
    "APPROVED": (":large_green_circle:", "Approved"),
    "PENDING": (":hourglass_flowing_sand:", "In review"),
    "IN_APPEAL": (":hourglass_flowing_sand:", "In appeal"),
    "REJECTED": (":red_circle:", "Rejected"),
    "PAUSED": (":large_yellow_circle:", "Paused"),
    "DISABLED": (":no_entry:", "Disabled"),
    "LIMIT_EXCEEDED": (":no_entry:", "Over the limit"),
    "PENDING_DELETION": (":wastebasket:", "Being deleted"),
    "DELETED": (":wastebasket:", "Deleted"),
    "ARCHIVED": (":file_cabinet:", "Archived"),
}
"""The order is that of a list: what can be used comes first."""

CATEGORIES: Mapping[str, str] = {
    "MARKETING": "Marketing",
    "UTILITY": "Utility",
    "AUTHENTICATION": "Authentication",
}
QUALITY_LABELS: Mapping[str, tuple[str, str]] = {
    "GREEN": (":large_green_circle:", "High"),
    "YELLOW": (":large_yellow_circle:", "Medium: some people blocked or reported it"),
    "RED": (":red_circle:", "Low: it may be paused soon"),
    "UNKNOWN": ("", "Not rated yet"),
}
REJECTION_REASONS: Mapping[str, str] = {
    "ABUSIVE_CONTENT": "WhatsApp finds its content abusive. Write it anew, without threats, "
    "insults or anything that WhatsApp’s commerce policy forbids.",
    "INVALID_FORMAT": "Its variables or its layout are not as they must be. Check that every "
    "variable has an example and that none stands at the start or the end of the text.",
    "PROMOTIONAL": "WhatsApp takes it for advertising. Make it a marketing template, or leave out "
    "what praises and offers.",
    "TAG_CONTENT_MISMATCH": "The text does not fit the category. Choose the other category, or "
    "change the text to fit.",
    "SCAM": "WhatsApp takes it for a scam. Leave out anything that asks for cards, passwords or "
    "payments to strangers.",
    "INCORRECT_CATEGORY": "The category is not the one that WhatsApp expects for this text. "
    "Choose another.",
}
"""Why Meta rejected a template, and what to do."""

LANGUAGES: Mapping[str, str] = {
    "af": "Afrikaans", "sq": "Albanian", "ar": "Arabic", "az": "Azerbaijani", "bn": "Bengali",
    "bg": "Bulgarian", "ca": "Catalan", "zh_CN": "Chinese (China)", "zh_HK": "Chinese (Hong Kong)",
    "zh_TW": "Chinese (Taiwan)", "hr": "Croatian", "cs": "Czech", "da": "Danish", "nl": "Dutch",
    "en": "English", "en_GB": "English (UK)", "en_US": "English (US)", "et": "Estonian",
    "fil": "Filipino", "fi": "Finnish", "fr": "French", "ka": "Georgian", "de": "German",
    "el": "Greek", "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi",
    "hu": "Hungarian", "id": "Indonesian", "ga": "Irish", "it": "Italian", "ja": "Japanese",
    "kn": "Kannada", "kk": "Kazakh", "rw_RW": "Kinyarwanda", "ko": "Korean", "ky_KG": "Kyrgyz",
    "lo": "Lao", "lv": "Latvian", "lt": "Lithuanian", "mk": "Macedonian", "ms": "Malay",
    "ml": "Malayalam", "mr": "Marathi", "nb": "Norwegian", "fa": "Persian", "pl": "Polish",
    "pt_BR": "Portuguese (Brazil)", "pt_PT": "Portuguese (Portugal)", "pa": "Punjabi",
    "ro": "Romanian", "ru": "Russian", "sr": "Serbian", "sk": "Slovak", "sl": "Slovenian",
    "es": "Spanish", "es_AR": "Spanish (Argentina)", "es_MX": "Spanish (Mexico)",
    "es_ES": "Spanish (Spain)", "sw": "Swahili", "sv": "Swedish", "ta": "Tamil", "te": "Telugu",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek",
    "vi": "Vietnamese", "zu": "Zulu",
}  # fmt: skip
"""Meta's code -> name: developers.facebook.com/docs/whatsapp/business-management-api/
message-templates/supported-languages. Variants of a country that are not here are shown by code."""


def state_label(status: str) -> str:
    """With its sign: ``:red_circle: Rejected``. A word that is not known is made readable."""
    sign, word = STATES.get(status, ("", _humanize(status)))
    return f"{sign} {word or 'State unknown'}".strip()


def state_name(status: str) -> str:
    return STATES.get(status, ("", _humanize(status)))[1] or "State unknown"


def category_name(name: str) -> str:
    return CATEGORIES.get(name) or _humanize(name) or "none"


def quality_label(score: str) -> str:
    sign, word = QUALITY_LABELS.get(score or "UNKNOWN", ("", _humanize(score)))
    return f"{sign} {word}".strip()


def rejection_reason(code: str) -> str:
    """A sentence or two; Meta's own word where it is not known."""
    return REJECTION_REASONS.get(code) or f"WhatsApp’s reason: {_humanize(code)}."


def language_name(code: str) -> str:
    """``English (US)``; what is not known stays a code."""
    return LANGUAGES.get(code, code) or "no language"


def _humanize(word: str) -> str:
    return word.replace("_", " ").strip().capitalize()
