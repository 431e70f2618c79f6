"""Plan the upload of a spreadsheet: its columns matched, its rows checked, its batches.

Between two views of a plan only the file is stored, in the database; each view reads it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from bot.aio.clock import Clock
from bot.bulk.message_files import MAX_UPLOAD_BYTES
from bot.bulk.repository import Uploads
from bot.bulk.rows import build_rows_csv
from bot.bulk.upload import Batch, Upload, UploadStage, build_batches
from bot.cache import Cache
from bot.chakra.attributes import Attribute, Procedure
from bot.chakra.client import Chakra
from bot.chakra.config import Config
from bot.errors import FileUnavailable, NotFound
from bot.processes.directory import CONFIG_CACHE_KEY, CONFIG_CACHE_KIND
from bot.sheets.check import CheckedSheet, check
from bot.sheets.columns import ColumnMatches, Purpose, Target, match_columns
from bot.sheets.empty import EmptyTable, build_empty_table
from bot.sheets.problems import build_problem_csv
from bot.sheets.read import read_sheet
from bot.sheets.samples import Samples, collect_samples
from bot.sheets.sheet import ReadOptions, Sheet
from bot.sheets.workers import SheetWorkers
from bot.slack.client.files import SlackFiles
from bot.slack.commands.command import UploadedFile
from bot.text.phones import PhoneParser

SKIP_COLUMN = "-"
"""The choice to skip a column."""

DRAFT_NOT_FOUND_HINT = (
    "It's only stored for an hour, or it's already being uploaded. Choose the file again."
)

ColumnChoices = Mapping[int, str]
"""The position of a column in the sheet -> an attribute, or ``SKIP_COLUMN``."""


@dataclass(frozen=True, slots=True)
class PlanChoices:
    """What the person chose in the plan's form. Hidden rows are skipped unless they say otherwise.

    ``purpose`` and ``procedure`` replace the draft's; ``posts_in_channel``: the outcome is posted
    in the channel that the form was opened in, not in their direct messages.
    """

    columns: ColumnChoices = field(default_factory=dict)
    sheet: int | None = None
    encoding: str = ""
    include_hidden: bool = False
    purpose: Purpose | None = None
    procedure: str = ""
    posts_in_channel: bool = False

    def apply_to(self, draft: Upload) -> Upload:
        """Return the upload with the chosen kind and procedure."""
        kind = self.purpose.value if self.purpose else draft.kind
        return replace(draft, kind=kind, procedure=self.procedure or draft.procedure)


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """``sheet`` has the rows to send; ``hidden_count`` are those that the file hides.

    ``upload`` has the chosen kind and procedure, ``drafted_procedure`` is that of the draft.
    ``checked`` is ``None`` while ``matches`` has errors.
    """

    upload: Upload
    drafted_procedure: str
    procedures: tuple[Procedure, ...]
    sheet: Sheet = field(repr=False)
    targets: tuple[Target, ...]
    matches: ColumnMatches
    timezone: tzinfo
    hidden_count: int = 0
    samples: Samples = field(default=Samples(), repr=False)
    checked: CheckedSheet | None = field(default=None, repr=False)

    @property
    def valid_count(self) -> int:
        return self.checked.valid_count if self.checked else 0


class BulkPlanner:
    """Reads, matches and checks files.

    Raises ``DatabaseUnavailable``, ``InvalidSheet``, ``FileUnavailable`` and the errors of Chakra.
    """

    def __init__(
        self,
        uploads: Uploads,
        files: SlackFiles,
        chakra: Chakra,
        cache: Cache,
        clock: Clock,
        workers: SheetWorkers,
        phones: PhoneParser,
    ) -> None:
        self._uploads = uploads
        self._files = files
        self._chakra = chakra
        self._cache = cache
        self._clock = clock
        self._workers = workers
        self._phones = phones

    async def list_procedures(self) -> tuple[Procedure, ...]:
        """Return what can be created or changed in bulk, sorted by name."""
        return _list_procedures(await self._load_config())

    async def build_empty_table(self, procedure: str, purpose: Purpose) -> EmptyTable:
        """Return a table to fill in, with the columns of the procedure."""
        config = await self._load_config()
        typed = (item for item in config.list_attributes(procedure) if not item.is_photo)
        targets = tuple(map(_to_target, typed))
        key = _find_primary_key(config, procedure)
        return build_empty_table(targets, purpose, primary_key=key)

    async def create_draft(
        self,
        key: str,
        file: UploadedFile,
        *,
        member: str,
        channel: str,
        procedure: str,
        purpose: Purpose,
    ) -> Upload:
        """Download the file from Slack and store it.

        ``key`` names the form and the file: submitted twice, it is one draft.
        """
        stored = await self._files.get_info(file.id)
        content = await self._files.download(stored, max_bytes=MAX_UPLOAD_BYTES)
        return await self._uploads.create_draft(
            key,
            member=member,
            channel=channel,
            procedure=procedure,
            kind=purpose.value,
            filename=stored.name or file.name or "the file",
            file=content,
            now=self._clock.time(),
        )

    async def complete_names(self, files: Sequence[UploadedFile]) -> tuple[UploadedFile, ...]:
        """Return the files with names from Slack for those that the payload doesn't describe."""
        return tuple(await asyncio.gather(*map(self._complete_name, files)))

    async def _complete_name(self, file: UploadedFile) -> UploadedFile:
        if file.name:
            return file
        try:
            return replace(file, name=(await self._files.get_info(file.id)).name)
        except FileUnavailable:
            return file

    async def get_draft(self, upload_id: int, member: str) -> Upload:
        """Return the draft. Raise ``NotFound`` if it is no longer a draft of this member."""
        draft = await self._uploads.get(upload_id)
        if draft is None or draft.stage is not UploadStage.DRAFT or draft.member != member:
            raise NotFound("upload", "", hint=DRAFT_NOT_FOUND_HINT)
        return draft

    async def load(
        self, upload_id: int, member: str, choices: PlanChoices, timezone: tzinfo
    ) -> BulkPlan:
        """Return the plan; ``timezone`` is that of times without an offset.

        Raise ``NotFound`` if it is no longer a draft of this member.
        """
        draft = await self.get_draft(upload_id, member)
        upload = choices.apply_to(draft)
        whole = await read_sheet(
            await self._uploads.load_file(upload_id),
            ReadOptions(choices.sheet, choices.encoding),
            workers=self._workers,
        )
        hidden_count = sum(number in whole.hidden_rows for number in whole.row_numbers)
        sheet = whole if choices.include_hidden else whole.exclude_hidden_rows()
        config = await self._load_config()
        targets = tuple(map(_to_target, config.list_attributes(upload.procedure)))
        keys = {
            sheet.columns[place]: "" if key == SKIP_COLUMN else key
            for place, key in choices.columns.items()
            if 0 <= place < len(sheet.columns)
        }
        matches = await self._workers.run(
            match_columns,
            sheet.columns,
            targets,
            Purpose(upload.kind),
            primary_key=_find_primary_key(config, upload.procedure),
            choices=keys,
        )
        samples = await self._workers.run(collect_samples, sheet, matches, timezone)
        plan = BulkPlan(
            upload,
            draft.procedure,
            _list_procedures(config),
            sheet,
            targets,
            matches,
            timezone,
            hidden_count,
            samples,
        )
        if matches.errors:
            return plan
        checked = await self._workers.run(
            check, sheet, matches, phones=self._phones, timezone=timezone
        )
        return replace(plan, checked=checked)

    async def build_problem_csv(self, plan: BulkPlan) -> bytes:
        """Return the rows with problems, as a file to repair."""
        if plan.checked is None:
            return b""
        return await self._workers.run(build_problem_csv, plan.sheet, plan.checked.problems)

    async def split_batches(self, plan: BulkPlan) -> list[Batch]:
        """Return the valid rows in batches, each one request."""
        if plan.checked is None:
            return []
        return await self._workers.run(build_batches, plan.checked.items, plan.checked.row_numbers)

    async def build_rows_csv(self, records: Sequence[Mapping[str, object]]) -> bytes:
        """Return records that were sent, as a file."""
        return await self._workers.run(build_rows_csv, records)

    async def _load_config(self) -> Config:
        return (
            await self._cache.get(CONFIG_CACHE_KIND, CONFIG_CACHE_KEY, self._chakra.config.fetch)
        ).value


def _list_procedures(config: Config) -> tuple[Procedure, ...]:
    return tuple(sorted(config.procedures, key=lambda procedure: procedure.label.casefold()))


def _to_target(attribute: Attribute) -> Target:
    return Target(attribute.short_id, attribute.name, attribute.type, attribute.required is True)


def _find_primary_key(config: Config, procedure: str) -> str:
    """Return the configured key, else "lead_id" for a lead, as in Chakra's examples."""
    known = config.find_primary_key(procedure)
    return known.short_id if known else f"{procedure}_id"
