"""The labels of a template's status, category, quality and language, by Meta's codes."""

from __future__ import annotations

from collections.abc import Mapping

STATUSES: Mapping[str, tuple[str, str]] = {
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
"""Meta's status -> emoji and label, in the order in which a list shows them."""

CATEGORIES: Mapping[str, str] = {
    "MARKETING": "Marketing",
    "UTILITY": "Utility",
    "AUTHENTICATION": "Authentication",
}
QUALITY_LABELS: Mapping[str, tuple[str, str]] = {
    "GREEN": (":large_green_circle:", "High"),
    "YELLOW": (":large_yellow_circle:", "Medium: some people blocked or reported it"),
    "RED": (":red_circle:", "Low: WhatsApp may pause it soon"),
    "UNKNOWN": ("", "Not rated yet"),
}
REJECTION_REASONS: Mapping[str, str] = {
    "ABUSIVE_CONTENT": "WhatsApp considers the content abusive. Rewrite it without threats, "
    "insults or anything that WhatsApp's commerce policy forbids.",
    "INVALID_FORMAT": "The variables or the layout are invalid. Check that every variable has an "
    "example, and that the body doesn't start or end with one.",
    "PROMOTIONAL": "WhatsApp considers it promotional. Make it a Marketing template, or remove "
    "praise and offers.",
    "TAG_CONTENT_MISMATCH": "The text doesn't match the category. Choose another category, or "
    "change the text.",
    "SCAM": "WhatsApp considers it a scam. Remove anything that asks for cards, passwords or "
    "payments.",
    "INCORRECT_CATEGORY": "WhatsApp expects another category for this text. Choose another one.",
}
"""Meta's reason for a rejection -> what it means and what to do."""

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
"""Meta's code -> name. Country variants that are not listed are shown by code.

developers.facebook.com/docs/whatsapp/business-management-api/message-templates/supported-languages
"""
UNKNOWN_STATUS = "Unknown status"


def format_status_label(status: str) -> str:
    """Return the label with its emoji, such as ``:red_circle: Rejected``."""
    emoji, label = STATUSES.get(status, ("", _humanize(status)))
    return f"{emoji} {label or UNKNOWN_STATUS}".strip()


def format_status_name(status: str) -> str:
    """Return the label alone; an unknown status is made readable."""
    return STATUSES.get(status, ("", _humanize(status)))[1] or UNKNOWN_STATUS


def format_category_name(name: str) -> str:
    return CATEGORIES.get(name) or _humanize(name) or "none"


def format_quality_label(score: str) -> str:
    emoji, label = QUALITY_LABELS.get(score or "UNKNOWN", ("", _humanize(score)))
    return f"{emoji} {label}".strip()


def explain_rejection(code: str) -> str:
    """Return a sentence or two, or Meta's own word for an unknown reason."""
    return REJECTION_REASONS.get(code) or f"WhatsApp's reason: {_humanize(code)}."


def format_language_name(code: str) -> str:
    """Return the name, such as ``English (US)``; an unknown code is returned as it is."""
    return LANGUAGES.get(code, code) or "no language"


def _humanize(word: str) -> str:
    return word.replace("_", " ").strip().capitalize()
