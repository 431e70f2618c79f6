"""A saved query, and its valid names."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from bot.errors import UsageError
from bot.processes.query import is_key
from bot.processes.query_parser import parse_query
from bot.processes.query_schema import fold
from bot.processes.record_query import TextTerm, describe
from bot.processes.search import RecordType, find_type
from bot.saved_queries.schedule import Schedule
from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.typed_letters import remove_invisible_letters

EXAMPLE: Final = '/chakra process save "hot leads" lead state:NEW score>70'
MAX_NAME_LENGTH: Final = 60
_HAS_LETTER: Final = re.compile(r"[^\W\d_]")


class Problem(StrEnum):
    """Why a query isn't posted; Slack's own codes for a channel are used as well."""

    OUTSIDERS = "outsiders"
    """People from other companies read the channel, and its scheduler hasn't agreed to that."""
    CHAKRA = "chakra"
    """Chakra didn't answer for an hour."""
    SLACK = "slack"
    """Slack didn't answer for an hour."""
    QUERY = "query"
    """The query can no longer be read: a field or a colleague in it is gone."""
    LEFT_CHANNEL = "left_channel"
    """Its scheduler is no longer in the channel. It is stopped."""
    NO_ACCESS = "no_access"
    """Its scheduler may no longer choose what channels receive. It is stopped."""
    LEFT = "left"
    """Its scheduler's account is deactivated. It is stopped."""


STOPPED: Final = frozenset({Problem.LEFT_CHANNEL, Problem.NO_ACCESS, Problem.LEFT})


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """``text`` is what was typed; None if it can no longer be decrypted.

    ``channel`` is a channel's ID, or a member's for their messages with the app; "" if it is not
    posted. ``due_at`` is 0 while it isn't. The result of ``posted_due_at`` was posted last.
    """

    id: int
    label: str
    member: str
    record_type: str
    text: str | None = field(repr=False)
    is_shared: bool
    channel: str = ""
    schedule: Schedule | None = None
    scheduler: str = ""
    allows_outsiders: bool = False
    due_at: float = 0.0
    retry_at: float = 0.0
    failing_since: float = 0.0
    posted_due_at: float = 0.0
    problem: str = ""
    problem_at: float = 0.0

    @property
    def last_post_key(self) -> str:
        """The outbox's key of the latest post; "" if there is none."""
        return build_post_key(self.id, self.posted_due_at) if self.posted_due_at else ""

    @property
    def is_stopped(self) -> bool:
        """Whether it has a schedule and is not posted, because of its scheduler."""
        return self.problem in STOPPED

    def is_visible_to(self, member: str) -> bool:
        return self.is_shared or member in (self.member, self.scheduler)


def build_post_key(query_id: int, due_at: float) -> str:
    """Return the outbox's key of the post of a due time."""
    return f"saved:{query_id}:{int(due_at)}"


def fold_name(label: str) -> str:
    """Return a name for comparison: case, the encoding of accents, and spaces don't count."""
    return " ".join(label.casefold().split())


def read_name(typed: str) -> str:
    """Return a name as it is shown. Raise ``UsageError`` for an invalid one."""
    label = " ".join(remove_invisible_letters(typed).split()).strip("\"'“”„‘’ ")
    if not label:
        raise UsageError("Give it a name.", example=EXAMPLE)
    if len(label) > MAX_NAME_LENGTH:
        raise UsageError(f"A name has up to {MAX_NAME_LENGTH} characters.", example=EXAMPLE)
    if not _HAS_LETTER.search(label):
        raise UsageError(f'"{label}" has no letter. Choose another name.', example=EXAMPLE)
    if re.search(r"[<>`\"“”|]|[:=]\S", label):
        raise UsageError(f'"{label}" reads as a query. Choose another name.', example=EXAMPLE)
    return label


def check_name(
    label: str,
    types: Collection[RecordType],
    verbs: Collection[str],
    today: date,
    *,
    is_shared: bool,
) -> None:
    """Raise ``UsageError`` with the reason if a line with this name would mean something else.

    A name that begins with "my", such as "my leads", may be that of a query that only one person
    can run: for them it means what they saved.
    """
    folded = fold_name(label)
    first = folded.split()[0]
    if folded in verbs or first in verbs:
        raise _build_name_error(label, f'"{first}" already does something after `/chakra process`')
    if found := find_type(tuple(types), label):
        raise _build_name_error(label, f"it is a record type ({found.plural})")
    if found := find_type(tuple(types), first):
        raise _build_name_error(
            label, f'a line that begins with "{first}" lists {found.plural.lower()}'
        )
    if is_key(label):
        raise _build_name_error(label, "it looks like the key of a record")
    for record_type in types:
        if field_named := record_type.schema.find(label):
            raise _build_name_error(
                label, f"{field_named.label} is a field of {record_type.plural}"
            )
        if folded.startswith("my ") and not is_shared:
            continue
        if meaning := _find_meaning(label, record_type, today):
            raise _build_name_error(label, f"in a query it means: {meaning}")


def _find_meaning(label: str, record_type: RecordType, today: date) -> str:
    """Return what the words of a name mean in a query; "" if they are only searched for."""
    try:
        parsed = parse_query(parse_arguments(label).tokens, record_type.schema, today)
    except UsageError as error:
        return error.message
    if not parsed.terms:
        return "all records"
    if all(isinstance(term, TextTerm) for term in parsed.terms):
        return ""
    return describe(parsed, {}) if fold(label) else ""


def _build_name_error(label: str, reason: str) -> UsageError:
    return UsageError(f'"{label}" can\'t be a name: {reason}. Choose another.', example=EXAMPLE)
