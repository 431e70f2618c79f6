"""``/chakra job``: how one background job of Chakra's stands, and which of its rows failed."""

from __future__ import annotations

from dataclasses import replace

from bot.chakra.job import Job
from bot.context import Desk
from bot.durable.workflows import Followed
from bot.errors import Missing, NotFound
from bot.jobs.aggregate import CachedJob, fetch_failed_entries, fetch_first_failed_entries
from bot.jobs.aggregate import fetch_merged_job as seen_together
from bot.jobs.card import job_card
from bot.jobs.failed_rows import build_failed_rows_csv
from bot.jobs.ids import parse_job_id
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, markup
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest, Request
from bot.slack.commands.reply import Block, Message
from bot.slack.viewer import shareable

EXAMPLE = "/chakra job 19632427-908f-4bf3-a6f5-69b9a0bbfc63"
SHOW, REFRESH, SHARE, FAILED = "job.show", "job.refresh", "job.share", "job.failed"
WATCH = "watch.begin"
SHOWN_FAILED = 5
MOST_FAILED = 100_000
"""Rows of one file."""


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, desk: Desk) -> Message:
    job_id = parse_job_id(request.arguments, EXAMPLE)
    return await _shown(request, desk, Followed(job_id, (job_id,)))


# --- the card ------------------------------------------------------------------------------------


async def _shown(
    request: Request, desk: Desk, followed: Followed, *, refresh: bool = False
) -> Message:
    seen = await _seen(desk, followed, refresh=refresh)
    failed = (
        await fetch_first_failed_entries(desk.jobs, followed.jobs, SHOWN_FAILED)
        if seen.value.unsuccessful
        else ()
    )
    text, made = job_card(
        seen, failed_entries=failed, masked=False, title=followed.title, now=request.now
    )
    watched = await desk.work.watches.here(followed.subject, request.channel.id)
    buttons = _buttons(request, followed, seen.value, watched=watched is not None)
    return Message(text, (*made, buttons))


async def _seen(desk: Desk, followed: Followed, *, refresh: bool) -> CachedJob:
    try:
        return await seen_together(desk.jobs, followed.jobs, refresh=refresh)
    except Missing:
        raise NotFound(
            "job", followed.subject, hint="Chakra has no job with this id, or has it no longer."
        ) from None


def _buttons(request: Request, followed: Followed, job: Job, *, watched: bool) -> Block:
    made = [blocks.button("Refresh", REFRESH, followed.subject)]
    if not job.finished and not watched:
        made.append(blocks.button("Watch", WATCH, followed.subject, style="primary"))
    if job.unsuccessful:
        made.append(blocks.button("Failed rows as a file", FAILED, followed.subject))
    if shareable(request.channel):
        made.append(blocks.button("Share", SHARE, followed.subject))
    return blocks.actions(*made)


# --- the buttons ---------------------------------------------------------------------------------


async def show(request: ActionRequest, desk: Desk) -> Message:
    """From a message that everyone sees: a card for the one who pressed."""
    return await _shown(request, desk, await desk.work.followed(request.value))


async def refresh(request: ActionRequest, desk: Desk) -> Message:
    followed = await desk.work.followed(request.value)
    return replace(await _shown(request, desk, followed, refresh=True), replace_original=True)


async def share(request: ActionRequest, desk: Desk) -> Message:
    followed = await desk.work.followed(request.value)
    seen = await _seen(desk, followed, refresh=False)
    text, made = job_card(seen.value, masked=True, title=followed.title, now=request.now)
    by = markup("Shared by ", blocks.mention(request.actor.id))
    return Message(text, (*made, blocks.context(by)), to_channel=True)


async def failed(request: ActionRequest, desk: Desk) -> Message:
    """Customers' data: the file goes to the messages with the app of the one who asked."""
    followed = await desk.work.followed(request.value)
    entries = await fetch_failed_entries(desk.jobs, followed.jobs, MOST_FAILED)
    if not entries:
        return blocks.text_message("None of its rows has failed, as far as Chakra tells.")
    counted = "1 row" if len(entries) == 1 else f"{len(entries):,} rows"
    await desk.files.upload(
        request.actor.id,
        f"failed-rows-{followed.jobs[0][:8]}.csv",
        await build_failed_rows_csv(entries),
        comment=markup(f"{counted} that failed, of ", _named(followed), "."),
    )
    return blocks.text_message("The file is in your messages with this app.")


def _named(followed: Followed) -> Markup:
    return bold(followed.title) if followed.title else markup("job ", code(followed.jobs[0]))


JOB: Command[Desk] = Command(
    name="job",
    summary="how a background job of Chakra’s stands, and which rows failed",
    usage="job <id>",
    example=EXAMPLE,
    run=run,
    details=(
        "The id is in the answer that began the job, or in its address in Chakra.",
        "The failed rows come as a file into your messages with this app.",
    ),
    actions=(
        Action(SHOW, show),
        Action(REFRESH, refresh),
        Action(SHARE, share),
        Action(FAILED, failed),
    ),
)
