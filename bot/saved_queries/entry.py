"""The lines, buttons and forms of saved queries in ``/chakra process``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from bot.errors import SuggestedLine, UsageError
from bot.processes.list_message import to_line
from bot.processes.search import RecordType
from bot.saved_queries import saved_line
from bot.saved_queries.actions import (
    HasSavedQueries,
    delete_query,
    find_named,
    list_saved_actions,
    render_saved,
    run_named,
    run_query,
)
from bot.saved_queries.saved_line import read_saved_line
from bot.saved_queries.saving import list_saving_actions, list_saving_forms, rename_line, save_line
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
    line = read_saved_line(request.arguments.tokens)
    if line is None:
        return await run_named(request, context, request.arguments.tokens)
    match line.verb:
        case saved_line.SAVE:
            return await save_line(request, context, line.words, types)
        case saved_line.RUN if line.words:
            return await run_query(request, context, await find_named(request, context, line.words))
        case saved_line.DELETE:
            named = await find_named(request, context, line.words)
            return await delete_query(request, context, named)
        case saved_line.RENAME:
            return await rename_line(request, context, line.words, types)
        case saved_line.SCHEDULE if line.is_listed:
            suggested = SuggestedLine(f"process schedule {to_line(line.words)}".strip())
            raise UsageError("Press the button to schedule it.", suggested_lines=(suggested,))
        case saved_line.SCHEDULE:
            return await schedule_line(request, context, line.words)
        case saved_line.UNSCHEDULE:
            return await unschedule_line(request, context, line.words)
    return await render_saved(request, context)


def list_all_actions(context: type[ContextT]) -> tuple[Action[ContextT], ...]:
    return (*list_saved_actions(context), *list_saving_actions(context), *schedule_actions(context))


def list_all_forms(context: type[ContextT]) -> tuple[Form[ContextT], ...]:
    return (*list_saving_forms(context), *schedule_forms(context))
