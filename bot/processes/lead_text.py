"""Find a new lead in the text of a message: labels, signatures, contact cards, names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from bot.processes.lead_fields import NAME_WORDS, LeadDraft, LeadFields
from bot.processes.query_schema import fold

MAX_TEXT_LENGTH: Final = 8_000
MAX_LINES: Final = 200
MAX_VALUE_LENGTH: Final = 500
MAX_NAME_LENGTH: Final = 80
MAX_NAMED_OTHERS: Final = 3

_MARKS: Final = re.compile(r"[*_~`•▪◦‣>|]+")
_LABELED: Final = re.compile(r"\s*([^\W\d][\w ./'-]{0,40}?)\s*(?::(?!//)|=|\s[-–—]\s|\t)\s*(\S.*)")
_CARD: Final = re.compile(r"(FN|N|TEL|EMAIL|ORG|TITLE|ADR|NOTE)((?:;[^:]*)?):(.*)", re.IGNORECASE)
_INTRODUCED: Final = re.compile(
    r"\b(?:[Mm]y name is|[Ii] am|[Ii]['’]m|[Tt]his is|[Nn]ame['’]s|[Nn]ame is|[Ll]ead from|"
    r"[Nn]ew lead|[Cc]ustomer|[Cc]lient|[Cc]all(?:ed)? from|[Ss]poke (?:to|with)|[Mm]et|"
    r"[Mm]essage from|[Ii]nquiry from|[Ee]nquiry from)[:,]?\s+"
    r"((?:(?:Mr|Mrs|Ms|Dr|Miss)\.?\s+)?[^\W\d_a-z][\w'’.-]*(?:\s+[^\W\d_a-z][\w'’.-]*){0,3})"
)
_SIGN_OFF: Final = re.compile(
    r"(?:(?:best|kind|warm|many)?\s*(?:regards|wishes|thanks)|thanks(?: and regards| & regards)?|"
    r"thank you|sincerely|yours(?: truly| sincerely| faithfully)?|cheers|best|--?)\s*[,.!-]*\s*",
    re.IGNORECASE,
)
_BEFORE_ADDRESS: Final = re.compile(
    r"([^\W\d_][\w'’.-]*(?:\s+[^\W\d_][\w'’.-]*){0,3})\s*[<(,:–-]*\s*$"
)
_NAME: Final = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Dr|Miss)\.?\s+)?[^\W\d_a-z][\w'’.-]*(?:\s+[^\W\d_a-z][\w'’.-]*){1,3}"
)
_TITLE: Final = re.compile(r"^(?:Mr|Mrs|Ms|Dr|Miss)\.?\s+")
_NOT_NAMES: Final = frozenset(
    ("hi", "hello", "hey", "dear", "please", "call", "new", "lead", "customer", "client", "thanks",
     "thank", "regards", "phone", "mobile", "email", "whatsapp", "contact", "number", "address",
     "interested", "from", "the", "this", "re", "fwd", "sent", "ltd", "inc", "pvt", "llc", "gmbh",
     "sales", "manager", "director", "team", "price", "quote", "order", "call", "ask", "need",
     "details", "good", "morning", "evening", "afternoon", "to", "at", "on", "or", "and", "me",
     "us", "reach", "write", "mail", "text", "ping", "tel", "cell", "mob", "fax", "web", "my",
     "our", "message", "enquiry", "inquiry", "begin", "end", "version", "it", "is", "her", "his",
     "their")
)  # fmt: skip
_JOBS: Final = frozenset(
    ("sales", "manager", "director", "vp", "ceo", "cto", "cfo", "coo", "head", "officer",
     "engineer", "executive", "founder", "cofounder", "consultant", "president", "partner", "owner",
     "lead", "assistant", "associate", "marketing", "operations", "support", "ltd", "inc", "llc",
     "gmbh",
     "pvt", "limited", "group", "company", "corp", "team", "street", "road")
)  # fmt: skip
"""Words of a line below a name."""


def read_lead_text(
    texts: Iterable[str],
    fields: LeadFields,
    numbers: Sequence[str],
    emails: Sequence[str],
) -> LeadDraft:
    """Return the lead that a message describes.

    ``numbers`` and ``emails`` are those found in it, in order. Labeled values take precedence over
    those found in running text.
    """
    rows = _list_lines(texts)
    values: dict[str, str] = {}
    name = ""
    for label, value in _iter_labeled(rows):
        known = fields.find(label)
        if fold(label) in NAME_WORDS and not name and _may_be_name(value):
            name = value
        elif known is not None and known not in (fields.phone, fields.email, fields.name):
            values.setdefault(known.name, value[:MAX_VALUE_LENGTH])
    name = name or _find_name(rows, (*numbers, *emails))
    notes: list[str] = []
    for known, found, what in (
        (fields.phone, numbers, "numbers"),
        (fields.email, emails, "addresses"),
    ):
        if known is not None and found:
            values[known.name] = found[0]
        if len(found) > 1:
            others = ", ".join(found[1 : MAX_NAMED_OTHERS + 1])
            notes.append(f"The message has other {what} too: {others}.")
    given = fields.split_name(_TITLE.sub("", name)[:MAX_NAME_LENGTH].strip()) if name else {}
    return LeadDraft({**given, **values}, notes=tuple(notes))


def _list_lines(texts: Iterable[str]) -> list[str]:
    """Return the lines of the texts, each once: the blocks of a message often repeat its text."""
    rows: dict[str, None] = {}
    remaining = MAX_TEXT_LENGTH
    for text in texts:
        for line in text[:remaining].splitlines():
            shown = " ".join(_MARKS.sub(" ", line.replace("\t", " \t ")).split(" ")).strip()
            if shown:
                rows.setdefault(re.sub(r" {2,}", " ", shown))
        remaining -= len(text)
        if remaining <= 0 or len(rows) > MAX_LINES:
            break
    return list(rows)[:MAX_LINES]


def _iter_labeled(rows: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the labels and values of lines such as "City: Pune", and of a contact card."""
    for row in rows:
        if card := _CARD.fullmatch(row):
            yield from _iter_card_values(card[1].upper(), card[3].replace("\\,", ",").strip())
            continue
        for part in re.split(r"\s*[;]\s+|,\s+(?=[^\W\d][\w ]{0,25}:)", row):
            if found := _LABELED.fullmatch(part):
                value = found[2].strip().strip(",;").strip()
                if value:
                    yield found[1].strip(), value


def _iter_card_values(kind: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield a line of a vCard. RFC 6350."""
    parts = [part.strip() for part in value.split(";")]
    if kind == "FN":
        yield "name", value
    elif kind == "N":
        yield "name", " ".join(filter(None, (*parts[1:2], *parts[:1])))
    elif kind == "ORG":
        yield "company", parts[0]
    elif kind == "TITLE":
        yield "title", value
    elif kind == "ADR":
        yield "address", ", ".join(filter(None, parts))
        if len(parts) > 3 and parts[3]:
            yield "city", parts[3]


def _find_name(rows: Sequence[str], contacts: Sequence[str]) -> str:
    """Return a name that introduces or signs the text, or is next to a number or an address."""
    for row in rows:
        if (found := _INTRODUCED.search(row)) and _may_be_name(found[1]):
            return _cut_name(found[1])
    for before, after in pairwise(rows):
        if _SIGN_OFF.fullmatch(before) and _is_name_line(after):
            return _get_first_part(after)
    places = [place for place, row in enumerate(rows) if _has_contact(row, contacts)]
    for place in places:
        if name := _find_name_before(rows[place], contacts):
            return name
    for place in places:
        for row in reversed(rows[max(0, place - 3) : place]):
            if _is_name_line(row):
                return _get_first_part(row)
    return ""


def _has_contact(row: str, contacts: Sequence[str]) -> bool:
    digits = re.sub(r"\D", "", row)
    folded = row.casefold()
    return any(
        (contact.startswith("+") and contact[-7:] in digits) or contact.casefold() in folded
        for contact in contacts
    )


def _find_name_before(row: str, contacts: Sequence[str]) -> str:
    """Return the name in "Mei Tanaka <mei@acme.com>" and "Mei Tanaka, +81 90 …"."""
    start = re.search(r"[^\s<(]+@|\+?\(?\d[\d\s().-]{6,}", row)
    if start is None or not _has_contact(row, contacts):
        return ""
    head = row[: start.start()]
    found = _BEFORE_ADDRESS.search(head)
    if found is None:
        return ""
    words = found[1].split()
    while words and words[-1].casefold().strip(".") in _NOT_NAMES:
        words.pop()
    while words and words[0].casefold() in _NOT_NAMES:
        words.pop(0)
    name = " ".join(words)
    is_name = bool(words) and all(word[0].isupper() or not word[0].isascii() for word in words)
    return name if is_name and _may_be_name(name) else ""


def _is_name_line(row: str) -> bool:
    part = _get_first_part(row)
    words = {word.casefold().strip(".,") for word in part.split()}
    return bool(_NAME.fullmatch(part)) and _may_be_name(part) and words.isdisjoint(_JOBS)


def _get_first_part(row: str) -> str:
    return re.split(r"\s*[,|(–—]\s*|\s-\s", row, maxsplit=1)[0].strip(" .,")


def _cut_name(text: str) -> str:
    words = text.split()
    kept: list[str] = []
    for word in words:
        if word.casefold().strip(".,") in _NOT_NAMES:
            break
        kept.append(word)
        if word.endswith((".", ",")) and len(word) > 3:
            break
    return " ".join(kept).strip(".,")


def _may_be_name(text: str) -> bool:
    words = [word.casefold().strip(".,") for word in text.split()]
    is_short = 0 < len(words) <= 5 and len(text) <= MAX_NAME_LENGTH
    has_other = any(map(str.isdigit, text)) or "@" in text or "://" in text
    return is_short and not has_other and words[0] not in _NOT_NAMES
