"""Files in replies: which ones WhatsApp accepts, and with what text.

Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/media and …/reference/messages.
"""

from __future__ import annotations

from bot.messages.rules import FILE_RULES, MEGABYTE, get_max_upload_bytes, validate_upload
from bot.slack.blocks import MAX_FORM_FILE_BYTES
from bot.slack.commands.command import UploadedFile

MAX_TEXT_LENGTH = 4_096
MAX_CAPTION_LENGTH = 1_024
AUDIO = "AUDIO"
FORMATS = ("IMAGE", "VIDEO", AUDIO, "DOCUMENT")
EXTENSIONS = tuple(name for kind in FORMATS for name in FILE_RULES[kind].extensions)
NOT_TAKEN = (
    "WhatsApp accepts JPEG and PNG pictures, MP4 and 3GP videos, AAC, AMR, MP3, M4A and OGG audio, "
    "and PDF, text, Word, Excel and PowerPoint files."
)
AUDIO_WITH_TEXT = "WhatsApp doesn't show text with an audio file. Send the text separately."


def find_format(file: UploadedFile) -> str:
    """Return the kind of a file, a key of `FILE_RULES`; "" if WhatsApp doesn't accept it."""
    media_type = file.mimetype.partition(";")[0].strip().lower()
    return next((kind for kind in FORMATS if media_type in FILE_RULES[kind].media_types), "")


def explain_file(file: UploadedFile) -> str:
    """Return why a file can't be sent, "" if it can as far as we know."""
    kind = find_format(file)
    if not kind:
        return NOT_TAKEN
    if file.size is not None and file.size > get_max_upload_bytes(kind) == MAX_FORM_FILE_BYTES:
        limit = MAX_FORM_FILE_BYTES // MEGABYTE
        return f"This file is too large: from Slack, files of up to {limit} MB can be sent."
    return validate_upload(kind, (file,))


def explain_text(text: str, file: UploadedFile | None = None) -> str:
    """Return why WhatsApp doesn't accept a text, with a file or alone; "" if it does."""
    if file is not None and text and find_format(file) == AUDIO:
        return AUDIO_WITH_TEXT
    limit = MAX_TEXT_LENGTH if file is None else MAX_CAPTION_LENGTH
    if len(text) <= limit:
        return ""
    with_file = "" if file is None else " with a file"
    return (
        f"This has {len(text):,} characters; WhatsApp takes {limit:,}{with_file}. Shorten it by "
        f"{len(text) - limit:,}, or send it as two messages."
    )
