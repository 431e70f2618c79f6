"""``/chakra unwatch``: follow a background job no longer."""

from __future__ import annotations

from bot.context import Desk
from bot.errors import NotAllowed, NotFound
from bot.jobs.ids import parse_job_id
from bot.jobs.repository import Watch
from bot.slack import blocks
from bot.slack.commands.command import Command, CommandRequest, Role
from bot.slack.commands.reply import Message

EXAMPLE = "/chakra unwatch 19632427-908f-4bf3-a6f5-69b9a0bbfc63"


async def run(request: CommandRequest, desk: Desk) -> Message:
    """All watches of the job that this person may end: their own, and for those who may write to
    Chakra everybody's."""
    job_id = parse_job_id(request.arguments, EXAMPLE)
    watches = await desk.work.watches.of_job(job_id)
    if not watches:
        raise NotFound(
            "watch", job_id, hint="Nobody watches this job. /chakra jobs shows which are."
        )
    may_end = [one for one in watches if _may_end(request, one)]
    if not may_end:
        raise NotAllowed("sender", reason="Somebody else watches this job.")
    for watch in may_end:
        await desk.work.watching.stop(watch)
    return blocks.text_message(_said(len(may_end), len(watches) - len(may_end)))


def _may_end(request: CommandRequest, watch: Watch) -> bool:
    return watch.member == request.actor.id or request.role >= Role.SENDER


def _said(ended: int, left: int) -> str:
    said = "No longer watched." if ended == 1 else f"No longer watched, in {ended} places."
    return f"{said} Somebody else still watches it." if left else said


UNWATCH: Command[Desk] = Command(
    name="unwatch",
    summary="follow a background job no longer",
    usage="unwatch <id>",
    example=EXAMPLE,
    run=run,
    details=("The job itself goes on: Chakra offers no way to stop one.",),
)
