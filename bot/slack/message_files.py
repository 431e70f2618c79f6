"""The text of the files of a Slack message: emails and snippets have theirs in the message.

docs.slack.dev/reference/objects/file-object
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

FILE_TEXT_KEYS = ("plain_text", "preview_plain_text", "preview", "simplified_html")
"""The content of an email, a snippet or a post: the first existing one, as they repeat each other.
The ``preview`` of an email is HTML."""
PICTURES, CONTACT_CARDS, RECORDINGS, OTHER_FILES = (
    "pictures", "contact cards", "recordings", "files",
)  # fmt: skip

_CARD_TYPES = frozenset({"vcf", "vcard", "text/vcard", "text/x-vcard", "text/directory"})
_PICTURE_TYPES = frozenset({"png", "jpg", "jpeg", "gif", "heic", "webp", "bmp", "tiff", "svg"})
_RECORDING_TYPES = frozenset({"mp3", "mp4", "m4a", "ogg", "wav", "mov", "webm", "aac"})
_ADDRESS = re.compile(r"(?:mailto|tel|sms|callto):([^?]+)", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype|html|body|div|p|br|table|span|a)(?=[\s/>])", re.IGNORECASE)
_LINK = re.compile(r"<a\s[^<>]*?href\s*=\s*[\"']([^\"'<>]*)[\"'][^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z!][^<>@]*>", re.IGNORECASE)
"""A tag has no at sign: ``<asha@acme.com>`` is an address."""


def extract_file_text(file: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sender of an email, its reply address, subject and text; or a snippet's text."""
    for sender in _iter_objects(file.get("from")):
        named = (sender.get("name") or sender.get("original") or "", sender.get("address") or "")
        yield " ".join(str(part) for part in named)
    headers = file.get("headers")
    if isinstance(headers, Mapping) and _is_text(headers.get("reply_to")):
        yield html.unescape(headers["reply_to"])
    if file.get("from") or "email" in (file.get("mode"), file.get("filetype")):
        yield next((file[key] for key in ("subject", "title") if _is_text(file.get(key))), "")
    content = next((file[key] for key in FILE_TEXT_KEYS if _is_text(file.get(key))), "")
    if content:
        yield _strip_html(content) if _HTML.search(content) else html.unescape(content)
    transcription = file.get("transcription")
    preview = transcription.get("preview") if isinstance(transcription, Mapping) else None
    if isinstance(preview, Mapping) and _is_text(preview.get("content")):
        yield str(preview["content"])


def render_link(url: str, label: str) -> str:
    """Return the address or number that a link leads to, or its label and URL."""
    address = _ADDRESS.match(url)
    if address:
        return f" {unquote(address[1])} "
    return f" {label} {url} "


def classify_unreadable(file: Mapping[str, Any]) -> str:
    """Return which kind of files, in the plural, this is one of; "" if it has a text."""
    if any(text.strip() for text in extract_file_text(file)):
        return ""
    name = str(file.get("name") or "").rpartition(".")[2]
    mimetype = str(file.get("mimetype") or "").lower()
    types = {mimetype, str(file.get("filetype") or "").lower(), name.lower()}
    if types & _CARD_TYPES:
        return CONTACT_CARDS
    if mimetype.startswith("image/") or types & _PICTURE_TYPES:
        return PICTURES
    if mimetype.startswith(("audio/", "video/")) or types & _RECORDING_TYPES:
        return RECORDINGS
    return OTHER_FILES


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _strip_html(content: str) -> str:
    """Return the text of HTML, with the links that it has."""
    linked = _LINK.sub(lambda link: f" {render_link(html.unescape(link[1]), '')} ", content)
    return html.unescape(_TAG.sub(" ", linked))


def _iter_objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))
