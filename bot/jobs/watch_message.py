"""The messages of a watch: the one that is updated, the outcome, and the notice of a stall."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chakra.job import Job, JobEntry
from bot.errors import ChakraError
from bot.jobs.card import humanize_duration, render_job_card
from bot.jobs.progress import Progress
from bot.jobs.summary import render_summary_line
from bot.jobs.watch import Watch, WatchStatus
from bot.privacy import mask_text
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup, mention
from bot.slack.commands.reply import Block, Message
from bot.slack.copy.explain import Explainer

SHOW_ACTION = "job.show"
STOP_ACTION = "watch.stop"
NOTIFY_BY_DM_ACTION = "watch.privately"
FAILED_ROWS_ACTION = "job.failed"
"""``action_id``s of the buttons, whose commands are ``job`` and ``watch``."""

SHORT_ID_LENGTH = 8

OUTAGE_NOTICE_AFTER_SECONDS = 60.0
"""Seconds without an answer from Chakra before the message says so."""

FINAL_STATUS_TEXT: dict[WatchStatus, str] = {
    WatchStatus.FINISHED: "has finished",
    WatchStatus.STOPPED: "is no longer watched",
    WatchStatus.JOB_NOT_FOUND: "was deleted in Chakra",
    WatchStatus.TIMED_OUT: "is no longer watched",
}


def render_progress(
    watch: Watch,
    job: Job,
    progress: Progress,
    *,
    now: float,
    error: ChakraError | None = None,
    failed_entries: Sequence[JobEntry] = (),
) -> Message:
    """Return the message of an active watch; ``error`` is why the last poll failed."""
    text, content = _render_watch_card(watch, job, progress, now, failed_entries)
    notes = [_render_watcher_note(watch)]
    if error is not None and is_outage(watch, now):
        notes.insert(0, _render_outage_note(error, _compute_silent_seconds(watch, now)))
    return Message(text, (*content, blocks.context(*notes), _render_buttons(watch)))


def is_outage(watch: Watch, now: float) -> bool:
    """Return whether Chakra's last answer is old enough for the message to say so."""
    return _compute_silent_seconds(watch, now) > OUTAGE_NOTICE_AFTER_SECONDS


def _compute_silent_seconds(watch: Watch, now: float) -> float:
    return now - (watch.progress_at or watch.started_at)


def _render_outage_note(error: ChakraError, seconds: float) -> Markup:
    return markup(
        ":warning: ",
        Explainer().explain(error).summary,
        f" Showing the status from {humanize_duration(seconds)} ago. Retrying.",
    )


def render_final(
    watch: Watch,
    job: Job,
    progress: Progress,
    *,
    now: float,
    failed_entries: Sequence[JobEntry] = (),
) -> Message:
    """Return the same message after the end: the last known status, and why the watch ended."""
    text, content = _render_watch_card(watch, job, progress, now, failed_entries)
    return Message(
        text,
        (*content, blocks.context(_render_end_note(watch)), *_render_final_buttons(watch, job)),
    )


def render_outcome(watch: Watch, job: Job, *, to_member: bool) -> Message:
    """Return the outcome, which is posted once; in a channel it mentions the watch's member."""
    text = markup(
        _display_name(watch), f" {FINAL_STATUS_TEXT[watch.status]}. ", *_render_result(watch, job)
    )
    line = text if to_member else markup(mention(watch.member), ": ", text)
    return Message(line, (blocks.section(line), *_render_final_buttons(watch, job)))


def stall_message(watch: Watch, progress: Progress, *, to_member: bool) -> Message:
    """Return the notice of a stall, which is posted once per stall."""
    text = markup(
        _display_name(watch),
        f" has made no progress for {humanize_duration(progress.stalled_seconds)}. It's still "
        "being watched; check the job in Chakra.",
    )
    line = text if to_member else markup(mention(watch.member), ": ", text)
    return Message(line, (blocks.section(line),))


def _render_watch_card(
    watch: Watch, job: Job, progress: Progress, now: float, failed_entries: Sequence[JobEntry]
) -> tuple[str, tuple[Block, ...]]:
    text, content = render_job_card(
        job,
        progress=progress,
        failed_entries=failed_entries,
        masked=True,
        title=watch.title,
        now=watch.progress_at or now,
    )
    return text, tuple(content)


def _render_watcher_note(watch: Watch) -> Markup:
    location = "in a direct message" if watch.notify_by_dm else "here"
    return markup(
        "Watched by ", mention(watch.member), f". We'll notify them {location} when it finishes."
    )


def _render_buttons(watch: Watch) -> Block:
    buttons = [
        blocks.button("Details", SHOW_ACTION, _build_details_value(watch)),
        _stop_button(watch),
    ]
    if not watch.notify_by_dm and watch.channel != watch.member:
        buttons.append(
            blocks.button("Notify me by direct message", NOTIFY_BY_DM_ACTION, str(watch.id))
        )
    return blocks.actions(*buttons)


def _stop_button(watch: Watch) -> Block:
    return blocks.button("Stop watching", STOP_ACTION, str(watch.id))


def _render_final_buttons(watch: Watch, job: Job) -> tuple[Block, ...]:
    buttons = [blocks.button("Details", SHOW_ACTION, _build_details_value(watch))]
    if job.unsuccessful and watch.status is not WatchStatus.JOB_NOT_FOUND:
        buttons.append(
            blocks.button("Failed rows as a file", FAILED_ROWS_ACTION, _build_details_value(watch))
        )
    return (blocks.actions(*buttons),) if watch.jobs else ()


def _build_details_value(watch: Watch) -> str:
    return watch.subject


def _display_name(watch: Watch) -> Markup:
    return (
        bold(watch.title)
        if watch.title
        else markup("Job ", blocks.code(_shorten_id(watch.subject)))
    )


def _shorten_id(job_id: str) -> str:
    """Return the beginning of the ID; all of it if a channel would show a masked number instead."""
    beginning = job_id[:SHORT_ID_LENGTH]
    return beginning if mask_text(beginning) == beginning else job_id


def _render_end_note(watch: Watch) -> Markup:
    when = f"<!date^{int(watch.ended_at)}^{{date_short_pretty}} at {{time}}|then>"
    reason = {
        WatchStatus.FINISHED: "Finished",
        WatchStatus.STOPPED: "Stopped watching",
        WatchStatus.JOB_NOT_FOUND: "Deleted in Chakra. Stopped watching",
        WatchStatus.TIMED_OUT: "Not finished within a week. Stopped watching",
    }[watch.status]
    return markup(f"{reason} ", Markup(when), " · watched by ", mention(watch.member))


def _render_result(watch: Watch, job: Job) -> tuple[str, ...]:
    summary = render_summary_line(job)
    match watch.status:
        case WatchStatus.FINISHED:
            return (summary,)
        case WatchStatus.JOB_NOT_FOUND:
            return ("Last known status: ", summary)
        case WatchStatus.TIMED_OUT:
            return ("It didn't finish within a week. Now: ", summary)
        case _:
            return ("Now: ", summary)
