"""What is to become of an uploaded spreadsheet: its columns matched, its rows checked, its pieces.

Nothing is held between two looks but the file itself, in the database: a look reads it anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from bot.aio.clock import Clock
from bot.bulk.repository import Uploads
from bot.bulk.upload import Batch, BatchState, Upload, UploadStage
from bot.cache import Cache
from bot.chakra.attributes import Attribute, Procedure
from bot.chakra.client import Chakra
from bot.chakra.config import Config
from bot.errors import NotFound
from bot.sheets.check import CheckedSheet, check_sheet
from bot.sheets.chunks import iter_batches
from bot.sheets.columns import ColumnMatches, Purpose, Target, match_columns
from bot.sheets.problems import build_problem_csv
from bot.sheets.read import read_sheet
from bot.sheets.sheet import Sheet
from bot.slack.client.files import SlackFiles
from bot.slack.commands.command import UploadedFile

MAX_UPLOAD_BYTES = 10 * 1024 * 1024
"""Of a file that was chosen in a form. docs.slack.dev/reference/block-kit/block-elements/
file-input-element"""
CONFIG_CACHE_KIND, CONFIG_CACHE_KEY = "config", "whole"
SKIP_COLUMN = "-"
"""In the place of an attribute: what the person says of a column that is not to be sent."""

DRAFT_NOT_FOUND_HINT = (
    "It was kept for an hour, or it is on its way already. Choose the file once more."
)

ColumnChoices = Mapping[int, str]
"""What the person said of columns: their place in the sheet -> an attribute, or ``SKIP_COLUMN``."""


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """``checked`` is nothing while ``matching`` has obstacles."""

    upload: Upload
    sheet: Sheet = field(repr=False)
    targets: tuple[Target, ...]
    matches: ColumnMatches
    checked: CheckedSheet | None = field(default=None, repr=False)

    @property
    def valid_count(self) -> int:
        return self.checked.valid_count if self.checked else 0


class BulkPlanner:
    """Raises ``DatabaseUnavailable``, ``InvalidSheet``, ``FileUnavailable`` and the errors of
    Chakra."""

    def __init__(
        self,
        uploads: Uploads,
        files: SlackFiles,
        chakra: Chakra,
        cache: Cache,
        clock: Clock,
        *,
        region: str | None,
    ) -> None:
        self._uploads = uploads
        self._files = files
        self._chakra = chakra
        self._cache = cache
        self._clock = clock
        self._region = region

    async def list_procedures(self) -> tuple[Procedure, ...]:
        """What can be created or changed in bulk, by their names."""
        config = await self._load_config()
        return tuple(sorted(config.procedures, key=lambda one: one.label.casefold()))

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
        """Takes the file out of Slack and keeps it. ``key`` names the form and the
        file: submitted twice, it is one draft."""
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

    async def load(
        self, upload_id: int, member: str, column_choices: ColumnChoices, timezone: tzinfo
    ) -> BulkPlan:
        """``zone`` is that of times without an offset. Raises ``NotFound`` where it is no draft of
        this member's any more."""
        upload = await self._uploads.get(upload_id)
        if upload is None or upload.stage is not UploadStage.DRAFT or upload.member != member:
            raise NotFound("upload", str(upload_id), hint=DRAFT_NOT_FOUND_HINT)
        sheet = await read_sheet(await self._uploads.load_file(upload_id))
        config = await self._load_config()
        targets = tuple(map(_to_target, config.attributes_of(upload.procedure)))
        said = {
            sheet.columns[place]: "" if key == SKIP_COLUMN else key
            for place, key in column_choices.items()
            if 0 <= place < len(sheet.columns)
        }
        matching = await asyncio.to_thread(
            match_columns,
            sheet.columns,
            targets,
            Purpose(upload.kind),
            primary_key=_primary_key(config, upload.procedure),
            choices=said,
        )
        if matching.errors:
            return BulkPlan(upload, sheet, targets, matching)
        checked = await check_sheet(sheet, matching, region=self._region, timezone=timezone)
        return BulkPlan(upload, sheet, targets, matching, checked)

    async def build_problem_csv(self, plan: BulkPlan) -> bytes:
        """The rows with problems, as a file to repair."""
        if plan.checked is None:
            return b""
        return await asyncio.to_thread(build_problem_csv, plan.sheet, plan.checked.problems)

    async def _load_config(self) -> Config:
        return (
            await self._cache.get(CONFIG_CACHE_KIND, CONFIG_CACHE_KEY, self._chakra.config.fetch)
        ).value


async def split_batches(plan: BulkPlan) -> list[Batch]:
    """The good rows in pieces, each one request."""
    checked = plan.checked
    if checked is None:
        return []

    def build() -> list[Batch]:
        return [
            Batch(
                one.number,
                one.first_row,
                one.last_row,
                len(one.row_numbers),
                BatchState.PENDING,
                body=one.body,
            )
            for one in iter_batches(checked.items, checked.row_numbers)
        ]

    return await asyncio.to_thread(build)


def _to_target(attribute: Attribute) -> Target:
    return Target(attribute.short_id, attribute.name, attribute.type, attribute.required is True)


def _primary_key(config: Config, procedure: str) -> str:
    """Return the configured key, else "lead_id" for a lead, as in Chakra's examples."""
    known = config.primary_key_of(procedure)
    return known.short_id if known else f"{procedure}_id"
