"""What ``/chakra process`` has of saved queries: their lines, buttons and forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from bot.processes.search import RecordType
from bot.saved_queries import saved_line
from bot.saved_queries.actions import (
    HasSavedQueries,
    answer_line,
    run_named,
    saved_actions,
    saved_forms,
)
from bot.saved_queries.saved_line import read_saved_line
from bot.saved_queries.scheduling import (
    schedule_actions,
    schedule_forms,
    schedule_line,
    unschedule_line,
)
from bot.slack.commands.command import Action, CommandRequest, Form
from bot.slack.commands.reply import Reply

ContextT = TypeVar("ContextT", bound=HasSavedQueries)


async def answer_saved(
    request: CommandRequest, context: HasSavedQueries, types: Sequence[RecordType]
) -> Reply | None:
    """Return the answer to a line about saved queries, None if it is about something else."""
    tokens = request.arguments.tokens
    line = read_saved_line(tokens)
    if line is None:
        return await run_named(request, context, tokens)
    if line.verb == saved_line.SCHEDULE:
        return await schedule_line(request, context, line.words)
    if line.verb == saved_line.UNSCHEDULE:
        return await unschedule_line(request, context, line.words)
    return await answer_line(request, context, line, types)


def all_actions(context: type[ContextT]) -> tuple[Action[ContextT], ...]:
    return (*saved_actions(context), *schedule_actions(context))


def all_forms(context: type[ContextT]) -> tuple[Form[ContextT], ...]:
    return (*saved_forms(context), *schedule_forms(context))
