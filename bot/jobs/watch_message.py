"""What a watch says: the one message that is kept up to date, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chakra.job import Job, JobEntry
from bot.errors import ChakraError
from bot.jobs.card import card, span
from bot.jobs.progress import Progress
from bot.jobs.repository import Ending, Watch
from bot.jobs.summary import share
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup, mention
from bot.slack.commands.reply import Block, Message
from bot.slack.copy.explain import explain

SHOW = "job.show"
STOP = "watch.stop"
PRIVATELY = "watch.privately"
FAILED = "job.failed"
"""``action_id``s of the buttons, whose commands are ``job`` and ``watch``."""

LONG_SILENCE = 60.0
"""Seconds for which Chakra tells nothing before the message says so."""

ENDS: dict[Ending, str] = {
    Ending.FINISHED: "has ended",
    Ending.STOPPED: "is no longer watched",
    Ending.VANISHED: "is gone",
    Ending.TOO_LONG: "is no longer watched",
}


def kept_up(
    watch: Watch,
    job: Job,
    progress: Progress,
    *,
    now: float,
    trouble: ChakraError | None = None,
    failed: Sequence[JobEntry] = (),
) -> Message:
    """The message while the watch goes on. ``trouble`` is why Chakra tells nothing right now."""
    text, made = _card(watch, job, progress, now, failed)
    notes = [_about(watch)]
    silent_for = now - (watch.seen_at or watch.started_at)
    if trouble is not None and silent_for > LONG_SILENCE:
        notes.insert(0, _silent(trouble, silent_for))
    return Message(text, (*made, blocks.context(*notes), _buttons(watch)))


def _silent(trouble: ChakraError, seconds: float) -> Markup:
    return markup(
        ":warning: ",
        explain(trouble).summary,
        f" This is how the job stood {span(seconds)} ago. Chakra is asked again and again.",
    )


def ended(
    watch: Watch, job: Job, progress: Progress, *, now: float, failed: Sequence[JobEntry] = ()
) -> Message:
    """The same message, once nobody looks any more: as it last stood, and why."""
    text, made = _card(watch, job, progress, now, failed)
    return Message(text, (*made, blocks.context(_end(watch)), *_after(watch, job)))


def outcome(watch: Watch, job: Job, *, to_member: bool) -> Message:
    """How it ended, said once. Where others read it mentions the one who asked, and nobody else."""
    told = markup(_named(watch), f" {ENDS[watch.ending]}. ", *_result(watch, job))
    line = told if to_member else markup(mention(watch.member), ": ", told)
    return Message(line, (blocks.section(line), *_after(watch, job)))


def standstill(watch: Watch, progress: Progress, *, to_member: bool) -> Message:
    """Said once when a job has stood still for long."""
    told = markup(
        _named(watch),
        f" has not moved for {span(progress.stalled_for)}. It is still watched; if it should "
        "have gone on, look at it in Chakra.",
    )
    line = told if to_member else markup(mention(watch.member), ": ", told)
    return Message(line, (blocks.section(line),))


def _card(
    watch: Watch, job: Job, progress: Progress, now: float, failed: Sequence[JobEntry]
) -> tuple[str, tuple[Block, ...]]:
    text, made = card(
        job,
        progress=progress,
        failed=failed,
        masked=True,
        title=watch.title,
        now=watch.seen_at or now,
    )
    return text, tuple(made)


def _about(watch: Watch) -> Markup:
    to = "told in a direct message" if watch.privately else "told here"
    return markup("Watched for ", mention(watch.member), f", who is {to} when it ends")


def _buttons(watch: Watch) -> Block:
    made = [blocks.button("Details", SHOW, _shown(watch)), _stop(watch)]
    if not watch.privately and watch.channel != watch.member:
        made.append(blocks.button("Tell me in a direct message", PRIVATELY, str(watch.id)))
    return blocks.actions(*made)


def _stop(watch: Watch) -> Block:
    return blocks.button("Stop watching", STOP, str(watch.id))


def _after(watch: Watch, job: Job) -> tuple[Block, ...]:
    made = [blocks.button("Details", SHOW, _shown(watch))]
    if job.unsuccessful and watch.ending is not Ending.VANISHED:
        made.append(blocks.button("Failed rows as a file", FAILED, _shown(watch)))
    return (blocks.actions(*made),) if watch.jobs else ()


def _shown(watch: Watch) -> str:
    return watch.subject


def _named(watch: Watch) -> Markup:
    return bold(watch.title) if watch.title else markup("Job ", blocks.code(watch.subject[:8]))


def _end(watch: Watch) -> Markup:
    when = f"<!date^{int(watch.ended_at)}^{{date_short_pretty}} at {{time}}|then>"
    reason = {
        Ending.FINISHED: "Ended",
        Ending.STOPPED: "No longer watched since",
        Ending.VANISHED: "Chakra knows this job no longer, so it is not watched any more since",
        Ending.TOO_LONG: "It did not end within a week, so it is not watched any more since",
    }[watch.ending]
    return markup(f"{reason} ", Markup(when), " · asked for by ", mention(watch.member))


def _result(watch: Watch, job: Job) -> tuple[str, ...]:
    stood = share(job)
    match watch.ending:
        case Ending.FINISHED:
            return (stood,)
        case Ending.VANISHED:
            return ("Chakra knows it no longer. When it was last seen: ", stood)
        case Ending.TOO_LONG:
            return ("It did not end within a week. Now: ", stood)
        case _:
            return ("Now: ", stood)
