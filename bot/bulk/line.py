"""Read the typed line of ``/chakra bulk``: the action and the record type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.chakra.attributes import Procedure
from bot.sheets.columns import Purpose, normalize_name
from bot.text.similarity import find_similar

USUAL_PROCEDURE = "lead"
"""The short ID of the default type, if the team has it."""
MIN_SIMILARITY = 70
"""The rapidfuzz ratio (0-100) from which a misspelled word counts as a record type's name."""
MAX_LISTED_TYPES = 10

_PURPOSES = {
    **dict.fromkeys(("create", "new", "add", "insert", "make"), Purpose.CREATE),
    **dict.fromkeys(("update", "change", "edit", "modify"), Purpose.UPDATE),
}
_PURPOSE_WORDS = {Purpose.CREATE: "create", Purpose.UPDATE: "change"}
REFUSED_WORDS = frozenset({"delete", "remove", "erase", "export", "download"})
_FILLER_WORDS = """
a all an and as blank bulk by chakra csv crm data empty entries excel file files for from i import
in into list many me multiple my of or our please record records row rows sheet sheets some
spreadsheet spreadsheets table tables template the this to tsv txt upload uploads using via want
with xls xlsx
"""
_FILLERS = frozenset(_FILLER_WORDS.split())
_QUERY_WORD = re.compile(r"\w\s*(?:[:=<>]|!=)|[<>]\s*\w")
_FILE_NAME = re.compile(r"\S+\.(?:csv|tsv|txt|xlsx?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BulkLine:
    """``purpose`` is ``None`` if it isn't typed. ``notes`` are sentences about anything unclear.

    ``procedure`` is a short ID, or as typed while the record types aren't known; "" for none.
    """

    purpose: Purpose | None = None
    procedure: str = ""
    notes: tuple[str, ...] = ()


def find_refused_word(words: Sequence[str]) -> str:
    """Return the word for something that an upload can't do; "" if there is none."""
    return next((word for word in words if word.casefold() in REFUSED_WORDS), "")


def is_query_word(word: str) -> bool:
    """Return whether a word compares a field, as in a query for records: ``state:NEW``."""
    return bool(_QUERY_WORD.search(word)) and not _FILE_NAME.fullmatch(word)


def parse_line(words: Sequence[str], procedures: Sequence[Procedure]) -> BulkLine:
    """Return what the words ask for, in any order; unused words are in a note."""
    purposes = dict.fromkeys(
        _PURPOSES[word.casefold()] for word in words if word.casefold() in _PURPOSES
    )
    files = [word for word in words if _FILE_NAME.fullmatch(word)]
    rest = [word for word in words if word.casefold() not in _PURPOSES and word not in files]
    notes = [f"Choose {files[0]} below: a typed command can't attach a file."] if files else []
    if len(purposes) > 1:
        first = _PURPOSE_WORDS[next(iter(purposes))]
        notes.append(f"Create and change are separate uploads. This one will {first} records.")
    procedure = _choose_default_procedure(procedures)
    if not procedures:
        named = " ".join(word for word in rest if not _is_filler(word))
        procedure = named.casefold().removesuffix("s")
    elif rest:
        procedure, more = _find_procedures(rest, procedures, procedure)
        notes += more
    return BulkLine(next(iter(purposes), None), procedure, tuple(notes))


def find_procedure(name: str, procedures: Sequence[Procedure]) -> Procedure | None:
    """Return the record type with this short ID or name, singular or plural."""
    forms = _list_singular_forms(name)
    matching = [
        procedure
        for procedure in procedures
        if forms
        & (_list_singular_forms(procedure.short_id) | _list_singular_forms(procedure.label))
    ]
    return next((each for each in matching if each.short_id == name), next(iter(matching), None))


def list_types(procedures: Sequence[Procedure]) -> str:
    """Return the names of the record types for a sentence."""
    names = [procedure.label for procedure in procedures[:MAX_LISTED_TYPES]]
    return ", ".join(names) + (" …" if len(procedures) > MAX_LISTED_TYPES else "")


def explain_procedure_error(typed: str, procedures: Sequence[Procedure]) -> str:
    """Return the sentence about a typed record type that doesn't exist; "" if it does."""
    if not typed:
        return "Choose a record type, such as lead or ticket."
    if procedures and find_procedure(typed, procedures) is None:
        return f"There is no record type “{typed}”. Available: {list_types(procedures)}."
    return ""


def _is_filler(word: str) -> bool:
    return word.casefold().strip(".,;:!?&") in _FILLERS | {""}


def _choose_default_procedure(procedures: Sequence[Procedure]) -> str:
    usual = find_procedure(USUAL_PROCEDURE, procedures)
    if usual is None and len(procedures) == 1:
        usual = procedures[0]
    return usual.short_id if usual else ""


def _find_procedures(
    words: Sequence[str], procedures: Sequence[Procedure], default: str
) -> tuple[str, list[str]]:
    """Return the short ID, and the sentences about other words."""
    found: list[Procedure] = []
    unknown: list[str] = []
    place = 0
    while place < len(words):
        for end in range(len(words), place, -1):
            procedure = find_procedure(" ".join(words[place:end]), procedures)
            if procedure is not None:
                found.append(procedure)
                place = end
                break
        else:
            unknown += [] if _is_filler(words[place]) else [words[place]]
            place += 1
    typed = " ".join(unknown)
    if found:
        chosen, *others = {procedure.short_id: procedure for procedure in found}.values()
        notes = [
            f"One record type at a time: {chosen.label} is chosen, not {list_types(others)}."
        ] * bool(others)
        if typed:
            notes.append(f"Not understood, and not used: “{typed}”.")
        return chosen.short_id, notes
    if not typed:
        return default, []
    near = _find_nearest(typed, procedures)
    if near is None:
        return "", [f"There is no record type “{typed}”. Available: {list_types(procedures)}."]
    return near.short_id, [
        f"There is no record type “{typed}”. {near.label} is chosen; is that right?"
    ]


def _find_nearest(typed: str, procedures: Sequence[Procedure]) -> Procedure | None:
    by_name = {
        form: procedure
        for procedure in procedures
        for name in (procedure.short_id, procedure.label)
        for form in _list_singular_forms(name)
    }
    near = find_similar(normalize_name(typed), [*by_name], min_score=MIN_SIMILARITY, limit=1)
    return by_name[near[0].word] if near else None


def _list_singular_forms(name: str) -> frozenset[str]:
    """Return the folded name, and its possible singulars."""
    folded = normalize_name(name)
    forms = {folded}
    if len(folded) > 3:
        forms |= {folded.removesuffix("s"), folded.removesuffix("es")}
        if folded.endswith("ies"):
            forms.add(f"{folded[:-3]}y")
    return frozenset(forms)
