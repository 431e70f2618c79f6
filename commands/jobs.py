"""``/chakra jobs``: the background jobs that are watched, or were begun from here."""

from __future__ import annotations

from dataclasses import replace

from bot.chakra.job import Job
from bot.context import Context
from bot.errors import UsageError
from bot.jobs.card import percent_done
from bot.jobs.repository import Watch, WatchStatus
from bot.jobs.summary import summary_line
from bot.slack import blocks
from bot.slack.blocks import bold, channel_mention, code, lines, markup, mention
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest
from bot.slack.commands.reply import Block, Message

EXAMPLE = "/chakra jobs"
PAGE = "jobs.page"
SHOW = "job.show"
"""The button of the command ``job``: its card, for the one who pressed."""
ROWS_PER_PAGE = 10
MAX_WATCHES = 200
"""The latest that are listed."""

STATUS_EMOJI = {
    WatchStatus.ACTIVE: ":hourglass_flowing_sand:",
    WatchStatus.FINISHED: ":white_check_mark:",
    WatchStatus.STOPPED: ":black_square_for_stop:",
    WatchStatus.JOB_NOT_FOUND: ":grey_question:",
    WatchStatus.TIMED_OUT: ":grey_question:",
}
STATUS_TEXT = {
    WatchStatus.ACTIVE: "Watched",
    WatchStatus.FINISHED: "Ended; it was watched",
    WatchStatus.STOPPED: "No longer watched",
    WatchStatus.JOB_NOT_FOUND: "Gone from Chakra; it was watched",
    WatchStatus.TIMED_OUT: "Not ended within a week; it was watched",
}


async def run(request: CommandRequest, context: Context) -> Message:
    if request.arguments.tokens:
        raise UsageError(
            "Jobs takes no words. To see one of them, give its id.", example="/chakra job <id>"
        )
    return await _render_page(context, 1)


async def change_page(request: ActionRequest, context: Context) -> Message:
    page = int(request.value) if request.value.isdigit() and len(request.value) < 6 else 1
    return replace(await _render_page(context, page), replace_original=True)


async def _render_page(context: Context, page: int) -> Message:
    watches = await context.workflows.recent(MAX_WATCHES)
    if not watches:
        text = markup(
            "No job is watched here, and none was begun from here within a week. ",
            code("/chakra watch <id>"),
            " follows one.",
        )
        return blocks.text_message(text)
    pages = -(-len(watches) // ROWS_PER_PAGE)
    page = min(max(page, 1), pages)
    page_watches = watches[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
    active_count = sum(watch.is_active for watch in watches)
    heading = markup(
        bold("Background jobs"),
        f" · {active_count} watched, {len(watches) - active_count} over within a week",
    )
    content: list[Block] = [blocks.section(heading), *map(_row, page_watches)]
    content.append(blocks.context("As they stood when they were last looked at"))
    if pages > 1:
        content.append(_page_buttons(page, pages))
    return Message(text=heading, blocks=tuple(content))


def _row(watch: Watch) -> Block:
    job = Job(id=watch.jobs[0], counts=watch.counts)
    name = bold(watch.title) if watch.title else code(watch.subject)
    where = (
        "in direct messages"
        if watch.channel == watch.member
        else markup("in ", channel_mention(watch.channel))
    )
    progress = (
        f"{percent_done(job)}%  ·  {summary_line(job)}" if watch.seen_at else "Not looked at yet."
    )
    text = lines(
        [
            markup(f"{_status_emoji(watch, job)} ", name),
            progress,
            markup(STATUS_TEXT[watch.status], " for ", mention(watch.member), " ", where),
        ]
    )
    return blocks.section(
        text, accessory=blocks.button("Details", f"{SHOW}:{watch.id}", watch.subject)
    )


def _status_emoji(watch: Watch, job: Job) -> str:
    if watch.status is WatchStatus.FINISHED and (job.unsuccessful or job.remaining):
        return ":warning:"
    return STATUS_EMOJI[watch.status]


def _page_buttons(page: int, pages: int) -> Block:
    buttons = []
    if page > 1:
        buttons.append(blocks.button("Newer", f"{PAGE}:newer", str(page - 1)))
    if page < pages:
        buttons.append(blocks.button("Older", f"{PAGE}:older", str(page + 1)))
    return blocks.actions(*buttons)


JOBS: Command[Context] = Command(
    name="jobs",
    summary="the background jobs that are watched, or were begun from here",
    usage="jobs",
    example=EXAMPLE,
    run=run,
    button=("Jobs", ""),
    actions=(Action(PAGE, change_page),),
)
