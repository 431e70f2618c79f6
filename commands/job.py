"""``/chakra job``: the status of one background job in Chakra, and its failed rows."""

from __future__ import annotations

from dataclasses import replace

from bot.chakra.job import Job
from bot.context import Context
from bot.errors import not_found_as
from bot.jobs.aggregate import (
    CachedJob,
    fetch_failed_entries,
    fetch_first_failed_entries,
    fetch_merged_job,
)
from bot.jobs.card import render_job_card
from bot.jobs.failed_rows import build_failed_rows_csv
from bot.jobs.ids import UNKNOWN_JOB_HINT, has_job_id
from bot.jobs.phrases import JOB_PHRASES
from bot.jobs.typed_line import parse_job_line
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, markup
from bot.slack.channels import is_private_conversation
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Offer,
    Request,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Block, Message
from bot.slack.commands.unused_words import name_unused
from bot.slack.viewer import is_shareable, render_show_me
from bot.workflows import WatchTarget

EXAMPLE = "/chakra job 19632427-908f-4bf3-a6f5-69b9a0bbfc63"
SHOW, REFRESH, SHARE, FAILED = "job.show", "job.refresh", "job.share", "job.failed"
WATCH = "watch.begin"
NOT_OWN_ROWS = "Only the person who uploaded this file and senders can get its failed rows."
MAX_LISTED_FAILURES = 5
MAX_FAILED_ROWS = 100_000
"""Rows of one file."""


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Message:
    line = parse_job_line(request.arguments, EXAMPLE)
    card = await _render_card(request, context, WatchTarget(line.job_id, (line.job_id,)))
    return name_unused(card, line.all_unused)


# --- the card ------------------------------------------------------------------------------------


async def _render_card(
    request: Request, context: Context, target: WatchTarget, *, refresh: bool = False
) -> Message:
    job = await _load_job(context, target, refresh=refresh)
    failed = (
        await fetch_first_failed_entries(context.jobs, target.jobs, MAX_LISTED_FAILURES)
        if job.value.unsuccessful
        else ()
    )
    text, content = render_job_card(
        job,
        failed_entries=failed,
        masked=not _may_get_rows(request, target),
        title=target.title,
        now=request.now,
    )
    is_private = is_private_conversation(request.channel.id, request.channel.name)
    location = request.actor.id if is_private else request.channel.id
    watched = await context.workflows.watches.find_active(target.subject, location)
    buttons = _render_buttons(request, target, job.value, watched=watched is not None)
    return Message(text, (*content, buttons))


async def _load_job(context: Context, target: WatchTarget, *, refresh: bool) -> CachedJob:
    with not_found_as("job", target.subject, hint=UNKNOWN_JOB_HINT):
        return await fetch_merged_job(context.jobs, target.jobs, refresh=refresh)


def _render_buttons(request: Request, target: WatchTarget, job: Job, *, watched: bool) -> Block:
    buttons = [blocks.button("Refresh", REFRESH, target.subject)]
    if not job.finished and not watched:
        buttons.append(blocks.button("Watch", WATCH, target.subject, style="primary"))
    if job.unsuccessful and _may_get_rows(request, target):
        buttons.append(blocks.button("Failed rows as a file", FAILED, target.subject))
    if is_shareable(request.channel):
        buttons.append(blocks.button("Share to channel", SHARE, target.subject))
    return blocks.actions(*buttons)


# --- the buttons ---------------------------------------------------------------------------------


async def show(request: ActionRequest, context: Context) -> Message:
    """Show a public message's card to the member who pressed its button."""
    return await _render_card(
        request, context, await context.workflows.resolve_target(request.value)
    )


async def refresh(request: ActionRequest, context: Context) -> Message:
    target = await context.workflows.resolve_target(request.value)
    return replace(
        await _render_card(request, context, target, refresh=True), replace_original=True
    )


async def share(request: ActionRequest, context: Context) -> Message:
    target = await context.workflows.resolve_target(request.value)
    job = await _load_job(context, target, refresh=False)
    text, content = render_job_card(job.value, masked=True, title=target.title, now=request.now)
    by = markup("Shared by ", blocks.mention(request.actor.id))
    shown = (*content, blocks.context(by), blocks.actions(render_show_me(SHOW, target.subject)))
    return Message(text, shown, to_channel=True, shared_as="this job")


async def send_failed_rows(request: ActionRequest, context: Context) -> Message:
    """Send the failed rows, which are customers' data, to the member as a direct message."""
    target = await context.workflows.resolve_target(request.value)
    if not _may_get_rows(request, target):
        request.access.authorize(Permission.BULK, reason=NOT_OWN_ROWS)
    entries = await fetch_failed_entries(context.jobs, target.jobs, MAX_FAILED_ROWS)
    if not entries:
        return blocks.text_message("Chakra reports no failed rows.")
    counted = "1 row" if len(entries) == 1 else f"{len(entries):,} rows"
    await context.files.upload(
        request.actor.id,
        f"failed-rows-{target.jobs[0][:8]}.csv",
        await build_failed_rows_csv(entries),
        comment=markup(f"{counted} that failed in ", _render_job_title(target), "."),
    )
    return blocks.text_message("I've sent you the file in a direct message.")


def _may_get_rows(request: Request, target: WatchTarget) -> bool:
    """Return whether the person uploaded the rows, or may upload any."""
    return target.uploader == request.actor.id or request.access.allows(Permission.BULK)


def _render_job_title(target: WatchTarget) -> Markup:
    return bold(target.title) if target.title else markup("job ", code(target.jobs[0]))


JOB: Command[Context] = Command(
    name="job",
    takes_no_words=True,
    summary="show a background job: its progress and failed rows",
    usage="job <id>",
    example=EXAMPLE,
    run=run,
    phrases=JOB_PHRASES,
    offer=Offer("Show the job", has_job_id, is_certain=True),
    details=(
        "The ID is in the reply that started the job, or in its address in Chakra.",
        "You get the failed rows as a file in a direct message.",
    ),
    actions=(
        Action(SHOW, show),
        Action(REFRESH, refresh),
        Action(SHARE, share, needs=Permission.SHARE),
        Action(FAILED, send_failed_rows),
    ),
)
