"""``/chakra jobs``: the background jobs that are watched, or were begun from here."""

from __future__ import annotations

from dataclasses import replace

from bot.chakra.job import Job
from bot.context import Desk
from bot.errors import UsageError
from bot.jobs.card import percent_done
from bot.jobs.repository import Ending, Watch
from bot.jobs.summary import summary_line
from bot.slack import blocks
from bot.slack.blocks import bold, channel_mention, code, lines, markup, mention
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest
from bot.slack.commands.reply import Block, Message

EXAMPLE = "/chakra jobs"
PAGE = "jobs.page"
SHOW = "job.show"
"""The button of the command ``job``: its card, for the one who pressed."""
ROWS = 10
MOST = 200
"""The latest that are listed."""

MARKS = {
    Ending.WATCHED: ":hourglass_flowing_sand:",
    Ending.FINISHED: ":white_check_mark:",
    Ending.STOPPED: ":black_square_for_stop:",
    Ending.VANISHED: ":grey_question:",
    Ending.TOO_LONG: ":grey_question:",
}
STANDS = {
    Ending.WATCHED: "Watched",
    Ending.FINISHED: "Ended; it was watched",
    Ending.STOPPED: "No longer watched",
    Ending.VANISHED: "Gone from Chakra; it was watched",
    Ending.TOO_LONG: "Not ended within a week; it was watched",
}


async def run(request: CommandRequest, desk: Desk) -> Message:
    if request.arguments.tokens:
        raise UsageError(
            "Jobs takes no words. To see one of them, give its id.", example="/chakra job <id>"
        )
    return await _page(desk, 1)


async def turn(request: ActionRequest, desk: Desk) -> Message:
    page = int(request.value) if request.value.isdigit() and len(request.value) < 6 else 1
    return replace(await _page(desk, page), replace_original=True)


async def _page(desk: Desk, page: int) -> Message:
    found = await desk.work.recent(MOST)
    if not found:
        told = markup(
            "No job is watched here, and none was begun from here within a week. ",
            code("/chakra watch <id>"),
            " follows one.",
        )
        return blocks.text_message(told)
    pages = -(-len(found) // ROWS)
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * ROWS : page * ROWS]
    live = sum(one.watched for one in found)
    head = markup(
        bold("Background jobs"), f" · {live} watched, {len(found) - live} over within a week"
    )
    made: list[Block] = [blocks.section(head), *map(_row, shown)]
    made.append(blocks.context("As they stood when they were last looked at"))
    if pages > 1:
        made.append(_turner(page, pages))
    return Message(text=head, blocks=tuple(made))


def _row(watch: Watch) -> Block:
    job = Job(id=watch.jobs[0], counts=watch.counts)
    name = bold(watch.title) if watch.title else code(watch.subject)
    where = (
        "in direct messages"
        if watch.channel == watch.member
        else markup("in ", channel_mention(watch.channel))
    )
    stood = (
        f"{percent_done(job)}%  ·  {summary_line(job)}" if watch.seen_at else "Not looked at yet."
    )
    told = lines(
        [
            markup(f"{_mark(watch, job)} ", name),
            stood,
            markup(STANDS[watch.ending], " for ", mention(watch.member), " ", where),
        ]
    )
    return blocks.section(
        told, accessory=blocks.button("Details", f"{SHOW}:{watch.id}", watch.subject)
    )


def _mark(watch: Watch, job: Job) -> str:
    if watch.ending is Ending.FINISHED and (job.unsuccessful or job.to_go):
        return ":warning:"
    return MARKS[watch.ending]


def _turner(page: int, pages: int) -> Block:
    made = []
    if page > 1:
        made.append(blocks.button("Newer", f"{PAGE}:newer", str(page - 1)))
    if page < pages:
        made.append(blocks.button("Older", f"{PAGE}:older", str(page + 1)))
    return blocks.actions(*made)


JOBS: Command[Desk] = Command(
    name="jobs",
    summary="the background jobs that are watched, or were begun from here",
    usage="jobs",
    example=EXAMPLE,
    run=run,
    button=("Jobs", ""),
    actions=(Action(PAGE, turn),),
)
