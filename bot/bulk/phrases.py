"""What people type in place of ``bulk``."""

from __future__ import annotations

from typing import Final

_OBJECTS: Final = (
    "a table", "table", "a file", "file", "a csv", "csv", "an excel", "excel", "a spreadsheet",
    "spreadsheet", "a sheet", "sheet", "a list", "rows", "records", "data", "csv file",
    "a csv file", "excel file", "an excel file",
)  # fmt: skip
_VERBS: Final = ("upload", "import", "bulk upload", "bulk import", "mass upload", "load")

BULK_PHRASES: Final = {
    **{f"{verb} {noun}": "" for verb in _VERBS for noun in _OBJECTS},
    **dict.fromkeys(
        (
            *_VERBS, "uploading", "importing", "csv", "excel", "spreadsheet",
            "upload bulk", "import bulk", "new upload", "new import",
            "bulk of", "mass import", "upload new", "import new",
            "import from csv",
            "import from excel", "upload from csv", "hochladen", "importieren", "subir", "importar",
            "leads hochladen", "leads importieren", "subir leads", "importar leads",
        ),
        "",
    ),
    **dict.fromkeys(
        ("bulk add", "bulk create", "mass create", "create many", "add many", "create leads",
         "add leads", "create tickets", "add tickets"),
        "create",
    ),
    **dict.fromkeys(("bulk update", "bulk edit", "mass update", "mass edit",
                     "update many"), "update"),
}  # fmt: skip
BULK_PHRASES.update(dict.fromkeys(
    ("change all", "update all", "edit all", "set all", "change every", "update every",
     "reassign all", "assign all", "mark all", "move all", "close all", "convert all"),
    "change all",
))  # fmt: skip
for _noun in ("leads", "tickets"):
    for _verb in ("create", "add", "new"):
        BULK_PHRASES[f"{_verb} {_noun}"] = f"create {_noun}"
del BULK_PHRASES["new leads"]  # existing records: see ``process``
