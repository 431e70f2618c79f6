"""``/chakra watch``: follow a background job in a channel, to its end."""

from __future__ import annotations

from bot.context import Context
from bot.errors import NotFound, UsageError, not_found_as
from bot.jobs.aggregate import fetch_merged_job as seen_together
from bot.jobs.ids import UNKNOWN_JOB_HINT, parse_job_id
from bot.jobs.repository import Watch
from bot.slack import blocks
from bot.slack.blocks import channel_mention, markup
from bot.slack.channels import Destination
from bot.slack.commands.arguments import ChannelMention
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest, Request
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Message
from bot.workflows import WatchTarget

EXAMPLE = "/chakra watch 19632427-908f-4bf3-a6f5-69b9a0bbfc63"
START, STOP, NOTIFY_BY_DM = "watch.begin", "watch.stop", "watch.privately"
NOT_OWN_WATCH = "Somebody else watches this job."


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Message:
    job_id = parse_job_id(request.arguments, EXAMPLE)
    named = [word for word in request.arguments.tokens if isinstance(word, ChannelMention)]
    if len(named) > 1:
        raise UsageError("Name one channel.", example=f"{EXAMPLE} #sales")
    channel_id = named[0].id if named else request.channel.id
    return await _start_watch(request, context, WatchTarget(job_id, (job_id,)), channel_id)


async def start(request: ActionRequest, context: Context) -> Message:
    """The button of a job's card."""
    target = await context.workflows.resolve_target(request.value)
    return await _start_watch(request, context, target, request.channel.id)


async def _start_watch(
    request: Request, context: Context, target: WatchTarget, channel_id: str
) -> Message:
    destination = await context.channels.resolve_destination(
        channel_id, request.actor.id, is_known_member=channel_id == request.channel.id
    )
    with not_found_as("job", target.subject, hint=UNKNOWN_JOB_HINT):
        job = await seen_together(context.jobs, target.jobs)
    if job.value.finished and not job.stale:
        return blocks.text_message(
            markup(
                "That job has ended already. ",
                blocks.code(f"/chakra job {target.jobs[0]}"),
                " shows how.",
            )
        )
    watch, new = await context.workflows.watch(
        target, member=request.actor.id, channel=destination.channel
    )
    if not new:
        return blocks.text_message(
            markup(
                _location(destination),
                " it is watched already, for ",
                blocks.mention(watch.member),
                ".",
            )
        )
    return blocks.text_message(_confirmation(destination, request))


def _confirmation(destination: Destination, request: Request) -> str:
    """Of how to stop it nothing: the message has a button for that."""
    if destination.is_direct_message:
        location = "in your messages with this app"
    elif destination.channel != request.channel.id:
        location = markup("in ", channel_mention(destination.channel))
    else:
        return (
            "Watching here, in one message that is kept up to date. You will be told when the job "
            "ends."
        )
    return markup("Watching ", location, ". You will be told there when the job ends.")


def _location(destination: Destination) -> str:
    return (
        "In your messages with this app"
        if destination.is_direct_message
        else markup("In ", channel_mention(destination.channel))
    )


# --- the buttons of its message ------------------------------------------------------------------


async def stop(request: ActionRequest, context: Context) -> Message:
    watch = await _load_own_watch(request, context)
    stopped = await context.workflows.watcher.stop(watch)
    return blocks.text_message(
        "No longer watched." if stopped else "It was no longer watched before."
    )


async def notify_by_dm(request: ActionRequest, context: Context) -> Message:
    watch = await _load_own_watch(request, context)
    if watch.member != request.actor.id:
        raise UsageError("Only the person who asked for it can have it in direct messages.")
    await context.workflows.watcher.enable_dm_notice(watch)
    return blocks.text_message("You will be told in your messages with this app when it ends.")


async def _load_own_watch(request: ActionRequest, context: Context) -> Watch:
    """Of a pressed button. Who asked for it may change it, and who may write to Chakra."""
    number = int(request.value) if request.value.isdigit() and len(request.value) < 16 else 0
    watch = await context.workflows.watches.get(number)
    if watch is None:
        raise NotFound("watch", request.value, hint="It ended a while ago.")
    require_may_change(request, watch)
    return watch


def require_may_change(request: Request, watch: Watch) -> None:
    if watch.member != request.actor.id:
        request.access.authorize(Permission.MANAGE_WATCHES, reason=NOT_OWN_WATCH)


WATCH: Command[Context] = Command(
    name="watch",
    summary="watch a background job until it finishes, in one message that is updated",
    usage="watch <id> [#channel]",
    example=EXAMPLE,
    run=run,
    needs=Permission.WATCH,
    details=(
        "The message stands here, or in a channel that you are in. You are told when the job ends.",
        "Its buttons stop it, or have the outcome told to you in a direct message instead.",
    ),
    actions=(
        Action(START, start, needs=Permission.WATCH),
        Action(STOP, stop, needs=Permission.WATCH),
        Action(NOTIFY_BY_DM, notify_by_dm, needs=Permission.WATCH),
    ),
)
