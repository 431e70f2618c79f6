"""``/chakra jobs``: list the background jobs that are watched or were started from Slack."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from bot.chakra.job import Job
from bot.context import Context
from bot.jobs.card import render_progress_line
from bot.jobs.phrases import JOBS_PHRASES
from bot.jobs.watch import Watch, WatchStatus
from bot.slack import blocks
from bot.slack.blocks import bold, channel_mention, code, lines, markup, mention
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest
from bot.slack.commands.reply import Block, Message
from bot.slack.commands.unused_words import find_unused, name_unused
from bot.slack.paging import ListQuery, paginate, render_list_page

EXAMPLE = "/chakra jobs"
PAGE = "jobs.page"
SHOW = "job.show"
"""The action of the command ``job`` that shows a card to the person who presses."""
ROWS_PER_PAGE = 10
UNDERSTOOD = frozenset({"list", "all", "my", "show", "watched", "recent"})
"""Words for what the list shows anyway."""
MAX_WATCHES = 200
"""Only the most recent ones are listed."""

STATUS_EMOJI = {
    WatchStatus.ACTIVE: ":hourglass_flowing_sand:",
    WatchStatus.FINISHED: ":white_check_mark:",
    WatchStatus.STOPPED: ":black_square_for_stop:",
    WatchStatus.JOB_NOT_FOUND: ":grey_question:",
    WatchStatus.TIMED_OUT: ":grey_question:",
}
STATUS_TEXT = {
    WatchStatus.ACTIVE: "In progress",
    WatchStatus.FINISHED: "Finished",
    WatchStatus.STOPPED: "No longer watched",
    WatchStatus.JOB_NOT_FOUND: "Deleted in Chakra",
    WatchStatus.TIMED_OUT: "Stopped watching after a week",
}


class JobListQuery(ListQuery):
    command: ClassVar[str] = EXAMPLE


async def run(request: CommandRequest, context: Context) -> Message:
    page = await _render_page(context, JobListQuery())
    return name_unused(page, find_unused(request.arguments.tokens, UNDERSTOOD))


async def change_page(request: ActionRequest, context: Context) -> Message:
    query = JobListQuery.from_value(request.value)
    return replace(await _render_page(context, query), replace_original=True)


async def _render_page(context: Context, query: JobListQuery) -> Message:
    watches = await context.workflows.list_recent_watches(MAX_WATCHES)
    if not watches:
        text = markup("No jobs here this week. Follow one with ", code("/chakra watch <id>"), ".")
        return blocks.text_message(text)
    active_count = sum(watch.is_active for watch in watches)
    finished_count = len(watches) - active_count
    return render_list_page(
        paginate(watches, query.page, ROWS_PER_PAGE),
        query,
        heading=[
            bold("Background jobs"),
            f"{active_count} watched",
            f"{finished_count} finished this week",
        ],
        row=_render_row,
        empty_text="",
        note="Last known status",
        page_action=PAGE,
        labels=("Newer", "Older"),
    )


def _render_row(watch: Watch) -> Block:
    job = Job(id=watch.jobs[0], counts=watch.counts)
    name = bold(watch.title) if watch.title else code(watch.subject)
    where = (
        "in direct messages"
        if watch.channel == watch.member
        else markup("in ", channel_mention(watch.channel))
    )
    text = lines(
        [
            markup(f"{_choose_status_emoji(watch, job)} ", name),
            render_progress_line(watch),
            markup(STATUS_TEXT[watch.status], " · watched by ", mention(watch.member), " ", where),
        ]
    )
    return blocks.section(
        text, accessory=blocks.button("Details", f"{SHOW}:{watch.id}", watch.subject)
    )


def _choose_status_emoji(watch: Watch, job: Job) -> str:
    if watch.status is WatchStatus.FINISHED and (job.unsuccessful or job.remaining):
        return ":warning:"
    return STATUS_EMOJI[watch.status]


JOBS: Command[Context] = Command(
    name="jobs",
    summary="list the background jobs that are watched or were started from Slack",
    usage="jobs",
    example=EXAMPLE,
    run=run,
    phrases=JOBS_PHRASES,
    actions=(Action(PAGE, change_page),),
)
