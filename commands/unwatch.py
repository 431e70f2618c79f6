"""``/chakra unwatch``: stop watching a background job."""

from __future__ import annotations

from bot.context import Context
from bot.errors import NotFound, SuggestedLine
from bot.jobs.ids import has_job_id
from bot.jobs.phrases import UNWATCH_PHRASES
from bot.jobs.typed_line import JobLine, parse_job_line, require_clear_place
from bot.jobs.watch import Watch
from bot.slack import blocks
from bot.slack.channels import is_private_conversation
from bot.slack.commands.command import Command, CommandRequest, Offer
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Message

EXAMPLE = "/chakra unwatch 19632427-908f-4bf3-a6f5-69b9a0bbfc63"
NOT_OWN_WATCH = "Someone else is watching this job."


async def run(request: CommandRequest, context: Context) -> Message:
    """Stop the watches of the job that this member may stop, in the channels that they name.

    These are their own or, with the permission to manage watches, all of them.
    """
    line = parse_job_line(request.arguments, EXAMPLE)
    require_clear_place(line, SuggestedLine(f"unwatch {line.job_id}", "Stop watching it"))
    watches = await context.workflows.watches.list_active_by_job(line.job_id)
    if not watches:
        raise NotFound(
            "watch",
            line.job_id,
            hint="No one is watching this job. /chakra jobs lists watched jobs.",
        )
    if places := _find_named_places(line, request):
        watches = [watch for watch in watches if watch.channel in places]
        if not watches:
            raise NotFound("watch", line.job_id, hint="No one is watching this job there.")
    stoppable = [watch for watch in watches if _may_stop(request, watch)]
    if not stoppable:
        request.access.authorize(Permission.MANAGE_WATCHES, reason=NOT_OWN_WATCH)
    for watch in stoppable:
        await context.workflows.watcher.stop(watch)
    return blocks.text_message(_render_result(len(stoppable), len(watches) - len(stoppable)))


def _find_named_places(line: JobLine, request: CommandRequest) -> frozenset[str]:
    """Return the IDs of the named channels; none if the line names no channel."""
    places = {channel.id for channel in line.channels}
    here = is_private_conversation(request.channel.id, request.channel.name)
    if line.is_private or (line.is_here and here):
        places.add(request.actor.id)
    elif line.is_here:
        places.add(request.channel.id)
    return frozenset(places)


def _may_stop(request: CommandRequest, watch: Watch) -> bool:
    return watch.member == request.actor.id or request.access.allows(Permission.MANAGE_WATCHES)


def _render_result(stopped: int, remaining: int) -> str:
    text = "Stopped watching." if stopped == 1 else f"Stopped watching in {stopped} places."
    return f"{text} Someone else is still watching it." if remaining else text


UNWATCH: Command[Context] = Command(
    name="unwatch",
    takes_no_words=True,
    summary="stop watching a background job",
    usage="unwatch <id> [#channel]",
    aliases=("unfollow",),
    phrases=UNWATCH_PHRASES,
    offer=Offer("", has_job_id),
    example=EXAMPLE,
    run=run,
    needs=Permission.WATCH,
    details=("The job itself continues: Chakra has no way to stop one.",),
)
