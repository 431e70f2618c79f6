"""The ID of a background job, as people write it."""

from __future__ import annotations

import re

from bot.errors import UsageError
from bot.slack.commands.arguments import Arguments

_JOB_ID = re.compile(
    r"(?<![0-9a-f-])([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})"
    r"(?![0-9a-f-])",
    re.IGNORECASE,
)
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
"""What phones make of a hyphen."""
UNKNOWN_JOB_HINT = "There's no job with this ID, or it has been deleted."


def has_job_id(line: Arguments) -> bool:
    return len(find_job_ids(line.raw)) == 1


def find_job_ids(text: str) -> set[str]:
    """Return the job IDs in a text, also without hyphens, or with dashes for them."""
    return {"-".join(parts).casefold() for parts in _JOB_ID.findall(text.translate(_DASHES))}


def parse_job_id(arguments: Arguments, example: str) -> str:
    """Return the only job ID of a line: bare, or in a link to one of Chakra's pages.

    Raise ``UsageError`` with ``example`` as a line that can be copied.
    """
    found = find_job_ids(arguments.raw)
    if len(found) == 1:
        return found.pop()
    if found:
        raise UsageError("That's more than one job. Name one at a time.", example=example)
    if not arguments.tokens:
        raise UsageError("Which job? Add its ID.", example=example)
    raise UsageError("That isn't a job ID. It looks like 19632427-908f-…", example=example)
