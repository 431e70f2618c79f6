"""A line about records: its verb, the record type, and its phrases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.processes.query import is_key
from bot.processes.search import RecordType, build_unknown_type_error, find_type
from bot.processes.sorting import find_order
from bot.slack.commands.arguments import Arguments, parse_arguments
from bot.slack.commands.tokens import Mention, Token

LIST_WORDS: Final = frozenset({"list", "all", "find", "search", "query"})
CREATE_WORDS: Final = frozenset({"create", "new", "add"})
EXPORT_WORDS: Final = frozenset({"export", "download", "csv"})
CSV_ENDINGS: Final = frozenset(
    f"{lead}{article}{name}"
    for lead in ("", "as ", "to ", "in ", "into ")
    for article in ("", "a ", "an ")
    for name in ("csv", "excel", "xlsx", "spreadsheet", "csv file", "excel file")
) | {"as file", "as a file", "to a file", "into a file"}
"""Words at the end of a line that asks for all records as a file."""
SHOW_WORDS: Final = frozenset({"show", "get", "open", "view", "card"})
PROCESS_PHRASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("lead …", "show lead", "get lead", "find lead", "open lead"), "show lead"),
    **dict.fromkeys(
        (
            "leads",
            "list leads",
            "show leads",
            "find leads",
            "all leads",
            "search leads",
            "lead list",
            "list lead",
            "show me leads",
            "show me the leads",
            "zeige alle leads",
            "mostrar leads",
            "todos los leads",
            "alle leads",
        ),
        "list lead",
    ),
    **dict.fromkeys(
        (
            "export leads",
            "export all leads",
            "export lead",
            "download leads",
            "download all leads",
            "download lead",
            "csv of leads",
            "csv of all leads",
            "download csv of leads",
            "leads csv",
            "leads export",
            "leads download",
            "leads as csv",
            "leads exportieren",
            "exportar leads",
        ),
        "export lead",
    ),
    **dict.fromkeys(
        (
            "my leads",
            "show my leads",
            "leads of mine",
            "which leads are mine",
            "meine leads",
            "mis leads",
        ),
        "list lead my",
    ),
    **dict.fromkeys(
        ("new leads", "neue leads", "leads nuevos", "nuevos leads"), "list lead state:NEW"
    ),
    "export my leads": "export lead my",
    **dict.fromkeys(("open leads", "show open leads"), "list lead open"),
    **dict.fromkeys(("ticket", "show ticket"), "show ticket"),
    **dict.fromkeys(
        (
            "saved",
            "saved queries",
            "my saved queries",
            "saved searches",
            "saved lists",
            "scheduled queries",
            "scheduled lists",
            "schedules",
            "my schedules",
            "list schedules",
            "scheduled reports",
        ),
        "saved",
    ),
    **dict.fromkeys(("save query", "save search", "save list", "save leads"), "save"),
    **dict.fromkeys(("schedule query", "schedule list", "schedule leads"), "schedule"),
    **dict.fromkeys(
        (
            "stop schedule",
            "cancel schedule",
            "stop schedule of",
            "stop the schedule of",
            "cancel the schedule of",
            "unschedule",
        ),
        "unschedule",
    ),
    **dict.fromkeys(("delete query", "delete saved query", "remove query"), "saved delete"),
    **dict.fromkeys(("rename query", "rename saved query"), "saved rename"),
    **dict.fromkeys(("run query", "run saved", "run saved query"), "run"),
    **dict.fromkeys(("tickets", "list tickets", "show tickets"), "list ticket"),
}


_KEY: Final = r"(?P<key>[^\W\d_]{2,12}-\d{2,})"
_ABOUT_RECORD: Final = re.compile(
    r"(?:(?:show\s+)?lead\s+(?=[a-z]+\s))?"
    r"(?P<verb>(?:show(?: me)?|open|find(?: me)?|get|give me|view|see|look up|search(?: for)?|check"
    r"|display|details? (?:of|for)|status (?:of|for)|state of|info (?:on|about)|about|where is"
    r"|(?:what is|what's) the (?:status|state) of|what is|what's|who (?:has|owns|is assigned to)"
    r"|edit|update|change|close|complete|assign|reassign|move|set|mark|delete|remove|convert|reopen"
    r"|rename|modify)\s+)?"
    rf"(?:the\s+)?(?:record\s+|(?P<type>(?:lead|ticket|case|deal|order)\s+))?{_KEY}"
    r"(?P<detail>(?:['’]s)?\s+(?:phone|number|phone number|mobile|email|address|details?|state"
    r"|status|owner|card|info|city|please))?(?P<rest>(?:\s+(?:to|as|for)\s.*)?)",
    re.IGNORECASE,
)
_OWNED_LEADS: Final = re.compile(
    r"(?:show\s+(?:me\s+)?|list\s+)?(?P<who>@?[^\W\d_][\w.@<>|-]*(?:\s[^\W\d_][\w.-]*){0,2})['’]s?"
    r"(?P<before>(?:\s[\w-]+){0,3})\s+leads(?P<after>\s.*)?",
    re.IGNORECASE | re.DOTALL,
)
_NO_OWNERS: Final = frozenset(
    ("it", "what", "who", "where", "here", "there", "let", "that", "how", "customer", "everyone")
)  # fmt: skip
_PERIODS: Final = frozenset(
    ("today", "yesterday", "this week", "last week", "this month", "last month", "this year")
)  # fmt: skip
_OTHER_WISHES: Final = frozenset(
    ("delete", "remove", "merge", "assign", "mark", "move", "set", "close", "convert", "change",
     "update", "send", "message", "post", "every", "daily", "weekly", "schedule", "report", "save",
     "duplicate", "duplicates", "upload", "import", "notify", "cancel", "stop", "unschedule", "why",
     "what", "which", "does", "fields", "add", "create")
)  # fmt: skip
"""Words of a line about leads that asks for something else than a list."""
_KEY_WITHIN: Final = re.compile(
    rf"(?<![\w/.@-])((?:lead|ticket|case|deal|order)\s+(?=[^\W\d_]+-))?{_KEY}(?![\w-])",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"<[^<>|]*[|>]")
_SHORT_KEY: Final = re.compile(r"#?\d{1,6}|#\d{1,8}")
"""The number of a key alone: with fewer digits than a phone number, or with a sign before it."""
_KEY_NOUNS: Final = frozenset({"number", "no", "nr", "key", "id"})
_LISTED_WORDS: Final = frozenset({"leads", "tickets"})
_NO_NAMES: Final = frozenset(
    ("how", "many", "count", "number", "total", "what", "which", "who", "where", "why", "when",
     "duplicate", "duplicates", "top", "latest", "newest", "send", "message",
      "merge", "export", "import", "of", "to")
)  # fmt: skip
"""Words that ask for something other than a list with this name."""
MAX_LIST_WORDS: Final = 4
_CHANGES: Final = re.compile(
    r"(?:edit|update|change|modify|close|reopen|complete|convert|assign|reassign|move|set|mark"
    r"|rename|delete|remove)\b",
    re.IGNORECASE,
)


def find_record_key(line: str) -> tuple[str, bool]:
    """Return ``show lead LEAD-004038`` for a line about a record, and whether it only looks.

    Changes are made with the buttons on the card.
    """
    found = _ABOUT_RECORD.fullmatch(line.strip(" \t\n?.!"))
    if found is None:
        return "", False
    shown = f"show {found['type'] or ''}{found['key']}"
    return shown, not (found["rest"] or _CHANGES.match(found["verb"] or ""))


def find_list_subject(line: str) -> tuple[str, bool]:
    """Return ``list lead assigned:priya open`` for ``priya's open leads``, and True."""
    found = _OWNED_LEADS.fullmatch(line.strip(" \t\n?.!"))
    if found is None or found["who"].casefold() in _NO_OWNERS:
        return "", False
    words = f"{found['before'] or ''} {found['after'] or ''}".split()
    who = found["who"]
    if who.casefold() in _PERIODS:
        return " ".join(["list lead", who, *words]), True
    owner = f'assigned:"{who}"' if " " in who else f"assigned:{who}"
    return " ".join(["list lead", owner, *words]), True


def find_list_within(line: str) -> str:
    """Return ``list lead top 5 by score`` for a line with "leads" that says more, else ""."""
    words = line.strip(" \t\n?.!").split()
    folded = [word.casefold().strip(",") for word in words]
    is_named = may_name_list(parse_arguments(line))
    if is_named or "leads" not in folded or _OTHER_WISHES.intersection(folded):
        return ""
    start = 2 if folded[:2] == ["how", "many"] else int(folded[0] in ("count", "total"))
    place = folded.index("leads")
    if place < start:
        return ""
    newest = {"latest", "newest"}.intersection(folded[start:place])
    kept = [word for word in words[start:place] if word.casefold() not in newest]
    return " ".join(
        ["list lead", *kept, *words[place + 1 :], *(["newest first"] if newest else [])]
    )


def find_key_within(line: str) -> str:
    """Return ``show LEAD-004038`` for a line that names one record and says more, else ""."""
    found = _KEY_WITHIN.findall(_LINK.sub(" ", line))
    keys = {key.casefold() for _, key in found}
    return f"show {found[0][0]}{found[0][1]}" if len(keys) == 1 else ""


def may_name_list(arguments: Arguments) -> bool:
    """Return whether a line without a command is words before "leads": ``hot leads sort:score``."""
    tokens = arguments.tokens[: find_order(arguments.tokens) or None]
    words = ["" if token.quoted else token.text.casefold() for token in tokens]
    return (
        1 < len(words) <= MAX_LIST_WORDS
        and words[-1] in _LISTED_WORDS
        and all(map(str.isalpha, words))
        and not _CHANGES.match(words[0])
        and _NO_NAMES.isdisjoint(words)
    )


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A typed line: the verb ("" for none), the type, and the rest."""

    verb: str
    record_type: RecordType
    tokens: tuple[Token, ...]
    has_type: bool = True
    """Whether the type was typed; otherwise it means leads."""
    is_export: bool = False
    """Whether it asks for all records as a file."""

    @property
    def is_show(self) -> bool:
        """Whether it asks for one record."""
        return self.verb in SHOW_WORDS


def read_line(tokens: tuple[Token, ...], types: Sequence[RecordType]) -> RecordLine:
    """Return what a line asks for; without a type it is about the first one, leads."""
    first = tokens[0].text.casefold() if tokens and not tokens[0].quoted else ""
    verb = first if first in LIST_WORDS | SHOW_WORDS | CREATE_WORDS | EXPORT_WORDS else ""
    rest, is_export = split_csv(tokens[1:] if verb else tokens)
    if verb in CREATE_WORDS:
        rest, is_export = tokens[1:], False
    typed = rest[0].text if rest and not rest[0].quoted else ""
    found = find_type(types, typed) if typed else None
    is_export = is_export or verb in EXPORT_WORDS
    line = RecordLine(
        verb, found or types[0], rest[1:] if found else rest, found is not None, is_export
    )
    needs_type = (line.is_show and len(rest) == 2) or verb in CREATE_WORDS
    if found is None and typed and needs_type and not is_key(typed):
        raise build_unknown_type_error(types, typed)
    return line


def split_csv(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], bool]:
    """Return a line without words such as "as csv" at its end, and whether it had any."""
    for count in (4, 3, 2, 1):
        words = " ".join(
            "" if isinstance(token, Mention) or token.quoted else token.text.casefold()
            for token in tokens[-count:]
        )
        if words in CSV_ENDINGS:
            return tokens[:-count], True
    return tokens, False


def find_change(tokens: Sequence[Token], types: Sequence[RecordType]) -> str:
    """Return ``show lead LEAD-004038`` for ``lead update LEAD-004038 state:WON``, "" for others."""
    words = ["" if token.quoted else token.text.strip() for token in tokens]
    place = next((place for place, word in enumerate(words[:4]) if _CHANGES.fullmatch(word)), 4)
    named = [word for word in words[: place + 2] if find_type(types, word)]
    rest = words[place + 1 :]
    rest = rest[1:] if rest and rest[0] in named else rest
    before = [word for word in words[:place] if word not in named]
    if not rest or not is_key(rest[0]) or not SHOW_WORDS.issuperset(before):
        return ""
    return " ".join(("show", *named[:1], rest[0]))


def find_typed_key(line: RecordLine) -> str:
    """Return the key of the one record that a line names, or ""."""
    tokens = line.tokens
    if len(tokens) == 2 and tokens[0].text.casefold().rstrip(".") in _KEY_NOUNS:
        tokens = tokens[1:]
    if len(tokens) != 1 or isinstance(tokens[0], Mention):
        return ""
    text = tokens[0].text.strip()
    if line.has_type and _SHORT_KEY.fullmatch(text):
        return f"{line.record_type.name.upper()}-{text.lstrip('#')}"
    return text if is_key(text) else ""
