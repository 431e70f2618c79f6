"""``/chakra watch``: follow a background job in a channel, to its end."""

from __future__ import annotations

from bot.context import Desk
from bot.durable.workflows import Followed
from bot.errors import Missing, NotAllowed, NotFound, UsageError
from bot.jobs.aggregate import fetch_merged_job as seen_together
from bot.jobs.ids import parse_job_id
from bot.jobs.repository import Watch
from bot.slack import blocks
from bot.slack.blocks import channel_mention, markup
from bot.slack.channels import Destination
from bot.slack.commands.arguments import ChannelMention
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest, Request, Role
from bot.slack.commands.reply import Message

EXAMPLE = "/chakra watch 19632427-908f-4bf3-a6f5-69b9a0bbfc63"
BEGIN, STOP, PRIVATELY = "watch.begin", "watch.stop", "watch.privately"


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, desk: Desk) -> Message:
    job_id = parse_job_id(request.arguments, EXAMPLE)
    named = [word for word in request.arguments.tokens if isinstance(word, ChannelMention)]
    if len(named) > 1:
        raise UsageError("Name one channel.", example=f"{EXAMPLE} #sales")
    where = named[0].id if named else request.channel.id
    return await _begin(request, desk, Followed(job_id, (job_id,)), where)


async def begin(request: ActionRequest, desk: Desk) -> Message:
    """The button of a job's card."""
    followed = await desk.work.followed(request.value)
    return await _begin(request, desk, followed, request.channel.id)


async def _begin(request: Request, desk: Desk, followed: Followed, where: str) -> Message:
    place = await desk.channels.resolve_destination(
        where, request.actor.id, is_known_member=where == request.channel.id
    )
    try:
        seen = await seen_together(desk.jobs, followed.jobs)
    except Missing:
        raise NotFound(
            "job", followed.subject, hint="Chakra has no job with this id, or has it no longer."
        ) from None
    if seen.value.finished and not seen.stale:
        return blocks.text_message(
            markup(
                "That job has ended already. ",
                blocks.code(f"/chakra job {followed.jobs[0]}"),
                " shows how.",
            )
        )
    watch, new = await desk.work.watch(followed, member=request.actor.id, channel=place.channel)
    if not new:
        return blocks.text_message(
            markup(_where(place), " it is watched already, for ", blocks.mention(watch.member), ".")
        )
    return blocks.text_message(_following(place, request))


def _following(place: Destination, request: Request) -> str:
    """Of how to stop it nothing: the message has a button for that."""
    if place.is_direct_message:
        there = "in your messages with this app"
    elif place.channel != request.channel.id:
        there = markup("in ", channel_mention(place.channel))
    else:
        return (
            "Watching here, in one message that is kept up to date. You will be told when the job "
            "ends."
        )
    return markup("Watching ", there, ". You will be told there when the job ends.")


def _where(place: Destination) -> str:
    return (
        "In your messages with this app"
        if place.is_direct_message
        else markup("In ", channel_mention(place.channel))
    )


# --- the buttons of its message ------------------------------------------------------------------


async def stop(request: ActionRequest, desk: Desk) -> Message:
    watch = await _mine(request, desk)
    stopped = await desk.work.watching.stop(watch)
    return blocks.text_message(
        "No longer watched." if stopped else "It was no longer watched before."
    )


async def privately(request: ActionRequest, desk: Desk) -> Message:
    watch = await _mine(request, desk)
    if watch.member != request.actor.id:
        raise UsageError("Only the person who asked for it can have it in direct messages.")
    await desk.work.watching.notify_by_dm(watch)
    return blocks.text_message("You will be told in your messages with this app when it ends.")


async def _mine(request: ActionRequest, desk: Desk) -> Watch:
    """Of a pressed button. Who asked for it may change it, and who may write to Chakra."""
    number = int(request.value) if request.value.isdigit() and len(request.value) < 16 else 0
    watch = await desk.work.watches.get(number)
    if watch is None:
        raise NotFound("watch", request.value, hint="It ended a while ago.")
    may_change(request, watch)
    return watch


def may_change(request: Request, watch: Watch) -> None:
    if watch.member != request.actor.id and request.role < Role.SENDER:
        raise NotAllowed("sender", reason="Somebody else watches this job.")


WATCH: Command[Desk] = Command(
    name="watch",
    summary="follow a background job to its end, in one message that is kept up to date",
    usage="watch <id> [#channel]",
    example=EXAMPLE,
    run=run,
    details=(
        "The message stands here, or in a channel that you are in. You are told when the job ends.",
        "Its buttons stop it, or have the outcome told to you in a direct message instead.",
    ),
    actions=(Action(BEGIN, begin), Action(STOP, stop), Action(PRIVATELY, privately)),
)
