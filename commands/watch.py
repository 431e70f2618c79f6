"""``/chakra watch``: follow a background job in a channel until it finishes."""

from __future__ import annotations

from collections.abc import Sequence

from bot.context import Context
from bot.errors import NotFound, SuggestedLine, UsageError, not_found_as
from bot.jobs.aggregate import fetch_merged_job
from bot.jobs.card import render_progress_line
from bot.jobs.ids import UNKNOWN_JOB_HINT, has_job_id
from bot.jobs.phrases import WATCH_PHRASES
from bot.jobs.typed_line import JobLine, parse_job_line, require_clear_place
from bot.jobs.watch import Watch
from bot.slack import blocks
from bot.slack.blocks import bold, channel_mention, code, lines, markup
from bot.slack.button_state import parse_row_id
from bot.slack.channels import Destination
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Offer,
    Request,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Message
from bot.workflows import WatchTarget

EXAMPLE = "/chakra watch 19632427-908f-4bf3-a6f5-69b9a0bbfc63"
START, STOP, NOTIFY_BY_DM = "watch.begin", "watch.stop", "watch.privately"
MAX_WATCHES, MAX_OFFERED = 200, 10
NOT_OWN_WATCH = "Someone else is watching this job."


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Message:
    if not request.arguments.tokens and (running := await _list_running(request, context)):
        return _offer(running)
    line = parse_job_line(request.arguments, EXAMPLE)
    require_clear_place(line, SuggestedLine(f"watch {line.job_id}", "Watch it here"))
    if len(line.channels) + line.is_private + line.is_here > 1:
        raise UsageError("Name one channel.", example=f"{EXAMPLE} #sales")
    target = WatchTarget(line.job_id, (line.job_id,))
    return await _start_watch(request, context, target, _find_channel_id(line, request))


def _find_channel_id(line: JobLine, request: Request) -> str:
    """Return the ID of the channel; "" for the person's DM."""
    if line.is_private:
        return ""
    return line.channels[0].id if line.channels else request.channel.id


async def _list_running(request: Request, context: Context) -> list[Watch]:
    """Return one watch of each running job that isn't watched here, the latest first."""
    watches = await context.workflows.list_recent_watches(MAX_WATCHES)
    active = [watch for watch in watches if watch.is_active]
    here = {watch.subject for watch in active if watch.channel == request.channel.id}
    by_subject = {watch.subject: watch for watch in reversed(active) if watch.subject not in here}
    return list(by_subject.values())[::-1][:MAX_OFFERED]


def _offer(running: Sequence[Watch]) -> Message:
    """Ask which of the running jobs to watch."""
    question = "Which job? These are running:"
    rows = [
        blocks.section(
            lines(
                [
                    bold(watch.title) if watch.title else code(watch.subject),
                    render_progress_line(watch),
                ]
            ),
            accessory=blocks.button("Watch", START, watch.subject),
        )
        for watch in running
    ]
    return Message(question, (blocks.section(question), *rows))


async def start(request: ActionRequest, context: Context) -> Message:
    """Watch the job whose card has the button."""
    target = await context.workflows.resolve_target(request.value)
    return await _start_watch(request, context, target, request.channel.id)


async def _start_watch(
    request: Request, context: Context, target: WatchTarget, channel_id: str
) -> Message:
    is_here = channel_id == request.channel.id
    destination = await context.channels.resolve_destination(
        channel_id,
        request.actor.id,
        is_known_member=is_here,
        channel_name=request.channel.name if is_here else "",
    )
    with not_found_as("job", target.subject, hint=UNKNOWN_JOB_HINT):
        job = await fetch_merged_job(context.jobs, target.jobs)
    if job.value.finished and not job.stale:
        return blocks.text_message(
            markup(
                "That job has already finished. See the result: ",
                blocks.code(f"/chakra job {target.jobs[0]}"),
            )
        )
    watch, new = await context.workflows.watch(
        target, member=request.actor.id, channel=destination.channel
    )
    if not new:
        return blocks.text_message(
            markup(
                blocks.mention(watch.member),
                " is already watching this job ",
                _render_location(destination),
                ".",
            )
        )
    return blocks.text_message(_render_confirmation(destination, request))


def _render_confirmation(destination: Destination, request: Request) -> str:
    """Confirm the watch; how to stop it is a button of its message."""
    if destination.channel == request.channel.id and not destination.is_direct_message:
        return "Watching here in one message. We'll notify you when the job finishes."
    location = _render_location(destination)
    return markup("Watching ", location, ". We'll notify you there when the job finishes.")


def _render_location(destination: Destination) -> str:
    return (
        "in your DM with Chakra"
        if destination.is_direct_message
        else markup("in ", channel_mention(destination.channel))
    )


# --- the buttons of its message ------------------------------------------------------------------


async def stop(request: ActionRequest, context: Context) -> Message:
    watch = await _load_own_watch(request, context)
    stopped = await context.workflows.watcher.stop(watch)
    return blocks.text_message("Stopped watching." if stopped else "It wasn't being watched.")


async def notify_by_dm(request: ActionRequest, context: Context) -> Message:
    watch = await _load_own_watch(request, context)
    if watch.member != request.actor.id:
        raise UsageError("Only the person who started this watch can get it as a direct message.")
    await context.workflows.watcher.enable_dm_notice(watch)
    return blocks.text_message("We'll send you a direct message when it finishes.")


async def _load_own_watch(request: ActionRequest, context: Context) -> Watch:
    """Return the watch of a pressed button, if the member may change it."""
    watch = await context.workflows.watches.get(parse_row_id(request.value, EXAMPLE))
    if watch is None:
        raise NotFound("watch", "", hint="It finished a while ago.")
    require_may_change(request, watch)
    return watch


def require_may_change(request: Request, watch: Watch) -> None:
    if watch.member != request.actor.id:
        request.access.authorize(Permission.MANAGE_WATCHES, reason=NOT_OWN_WATCH)


WATCH: Command[Context] = Command(
    name="watch",
    takes_no_words=True,
    summary="watch a background job until it finishes, in one message that is updated",
    usage="watch <id> [#channel]",
    aliases=("follow",),
    phrases=WATCH_PHRASES,
    offer=Offer("", has_job_id),
    example=EXAMPLE,
    run=run,
    needs=Permission.WATCH,
    details=(
        "The message is posted here, or in a channel that you're in. You're notified at the end.",
        "Its buttons stop the watch, or send you the result as a direct message instead.",
    ),
    actions=(
        Action(START, start, needs=Permission.WATCH),
        Action(STOP, stop, needs=Permission.WATCH),
        Action(NOTIFY_BY_DM, notify_by_dm, needs=Permission.WATCH),
    ),
)
