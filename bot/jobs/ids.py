"""The id of a background job, as people write it."""

from __future__ import annotations

import re

from bot.errors import UsageError
from bot.slack.commands.arguments import Arguments

_JOB_ID = re.compile(
    r"(?<![0-9a-f-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f-])", re.IGNORECASE
)


def parse_job_id(arguments: Arguments, example: str) -> str:
    """The one id of a line: bare, or in an address of Chakra's pages. Raises ``UsageError``, with
    ``example`` as a line that can be copied."""
    found = {str(one).casefold() for one in _JOB_ID.findall(arguments.raw)}
    if len(found) == 1:
        return found.pop()
    if found:
        raise UsageError("Those are several jobs. Name one at a time.", example=example)
    if not arguments.tokens:
        raise UsageError("Which job? Its id is needed.", example=example)
    raise UsageError(
        "That is no job’s id: one has 36 letters, digits and hyphens.", example=example
    )
