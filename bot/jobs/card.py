"""The card of a background job: progress, speed, time left, failures and their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.cache import Cached
from bot.chakra.fields import move_to_zone
from bot.chakra.job import ENTRY_STATES, ERROR, INVALID, NOT_STARTED, SUCCESS, Job, JobEntry
from bot.chakra.text import has_visible_text, sanitize_line
from bot.jobs.chart import render_progress_chart
from bot.jobs.progress import Progress
from bot.jobs.summary import render_summary_line
from bot.jobs.watch import Watch
from bot.privacy import mask_text
from bot.slack import blocks
from bot.slack.age import format_freshness
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.commands.reply import Block

DEFAULT_TITLE = "Background job"
STATE_LABELS = {
    SUCCESS: "Succeeded",
    ERROR: "Failed",
    INVALID: "Rejected",
    NOT_STARTED: "Remaining",
}
NEVER_STARTED_LABEL = "Never started"
"""Labels the remaining entries of a job that has finished."""

RUNNING_ICON = ":hourglass_flowing_sand:"
BAR_CELLS = 10
FILLED_CELL, EMPTY_CELL = "🟩", "⬜"

TIME_WITH_SECONDS_FORMAT = "{date_short_pretty} at {time_secs}"

STALLED_AFTER_SECONDS = 120.0
"""Seconds without progress before the card says so."""

MAX_FAILED_REASONS = 5
MAX_CUSTOM_STATES = 10
MAX_ENTRY_DETAILS = 3
MAX_TITLE_LENGTH = 150
MAX_REASON_LENGTH = 250
MAX_DETAIL_LENGTH = 60
MAX_MESSAGE_LENGTH = 500

IGNORED_KEYS = frozenset(
    {"createdAt", "updatedAt", "startedAt", "completedAt", "backgroundJob", "statusMessage"}
)
"""Keys of an entry that add nothing to its reason."""

CardFields = list[tuple[str, str]]


def render_job_card(
    job: Job | Cached[Job],
    *,
    progress: Progress | None = None,
    failed_entries: Sequence[JobEntry] = (),
    masked: bool,
    title: str = "",
    now: float,
) -> tuple[Markup, list[Block]]:
    """Return the text for notifications, and the blocks without buttons.

    With ``masked``, for messages that others may read, phone numbers and addresses are hidden, and
    only the reasons of failed entries are shown. A ``Cached`` job is shown with its age, which is
    true only at that moment; any other with the time of the answer, for messages that stay. ``now``
    is in seconds since the epoch.
    """
    value = job.value if isinstance(job, Cached) else job
    name = _mask_and_clip(
        title if has_visible_text(title) else DEFAULT_TITLE, MAX_TITLE_LENGTH, masked
    )
    content = [
        blocks.section(
            lines([bold(name), _render_status_line(value, progress), *_render_progress_bar(value)])
        )
    ]
    content += blocks.fields(
        [*_count_fields(value), *_render_speed_fields(value, progress), *_render_time_fields(value)]
    )
    if status := _render_chakra_status(value, masked):
        content.append(blocks.section(status))
    if progress is not None and (chart := render_progress_chart(progress.points)):
        content.append(chart)
    if failed_entries:
        content.append(blocks.section(_render_failed_entries(value, failed_entries, masked)))
    content.append(blocks.context(_render_freshness_note(job, now), markup("ID ", code(value.id))))
    return _render_summary(value, name), content


def compute_percent_done(job: Job) -> int:
    """Return the percentage, rounded down: 100 means that no entry remains."""
    return job.done * 100 // job.total if job.total else 0


def render_progress_line(watch: Watch) -> str:
    """Return how far a watched job was when it was last checked."""
    if not watch.progress_at:
        return "Not checked yet"
    job = Job(id=watch.jobs[0], counts=watch.counts)
    return f"{compute_percent_done(job)}%  ·  {render_summary_line(job)}"


def humanize_duration(seconds: float) -> str:
    """Return, for example, "40 seconds", "3 minutes", "2 hours 10 minutes" or "5 days"."""
    if seconds < 55:
        return _pluralize(max(1, round(seconds)), "second")
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return _pluralize(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return _pluralize(hours // 24, "day")
    return (
        f"{_pluralize(hours, 'hour')} {_pluralize(rest, 'minute')}"
        if rest
        else _pluralize(hours, "hour")
    )


def _pluralize(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def _render_status_line(job: Job, progress: Progress | None) -> str:
    if job.finished:
        return _render_outcome_line(job)
    if not job.total:
        return Markup(f"{RUNNING_ICON} Starting…")
    if progress is not None and progress.stalled_seconds >= STALLED_AFTER_SECONDS:
        stalled = humanize_duration(progress.stalled_seconds)
        return Markup(f":warning: Stalled: no progress in the last {stalled}.")
    return Markup(f"{RUNNING_ICON} Running")


def _render_outcome_line(job: Job) -> Markup:
    if job.unsuccessful:
        of = f"{job.unsuccessful:,} of {job.total:,}"
        return Markup(f":warning: Finished; {of} failed")
    if job.remaining:
        return Markup(f":warning: Finished; {job.remaining:,} of {job.total:,} were never started")
    return Markup(":white_check_mark: Finished")


def _render_progress_bar(job: Job) -> list[Markup]:
    if not job.total:
        return []
    full = job.done * BAR_CELLS // job.total
    cells = FILLED_CELL * full + EMPTY_CELL * (BAR_CELLS - full)
    return [markup(f"{cells}  {compute_percent_done(job)}%  ·  {job.done:,} of {job.total:,}")]


def _count_fields(job: Job) -> CardFields:
    """Return the documented states first, then Chakra's other ones under their own names."""
    labels = STATE_LABELS | ({NOT_STARTED: NEVER_STARTED_LABEL} if job.finished else {})
    facts = [
        (labels[state], f"{job.counts[state]:,}") for state in ENTRY_STATES if job.counts.get(state)
    ]
    others = sorted(name for name, n in job.counts.items() if n and name not in STATE_LABELS)
    facts += [(name, f"{job.counts[name]:,}") for name in others[:MAX_CUSTOM_STATES]]
    if more := others[MAX_CUSTOM_STATES:]:
        rest = sum(job.counts[name] for name in more)
        facts.append((_pluralize(len(more), "more state"), f"{rest:,}"))
    return facts


def _render_speed_fields(job: Job, progress: Progress | None) -> CardFields:
    if progress is None or job.finished or not progress.per_minute:
        return []
    facts = [("Speed", _format_speed(progress.per_minute))]
    if progress.eta_seconds is not None:
        facts.append(("Time left", f"about {humanize_duration(progress.eta_seconds)}"))
    return facts


def _format_speed(speed: float) -> str:
    if speed < 1:
        return f"{max(1, round(speed * 60)):,} an hour"
    return f"{round(speed):,} a minute"


def _render_time_fields(job: Job) -> CardFields:
    start, end = job.started_at or job.created_at, job.completed_at
    facts: CardFields = [("Started", _format_time(start))] if start else []
    if end:
        duration = (
            f" (took {humanize_duration((end - start).total_seconds())})"
            if start and end > start
            else ""
        )
        facts.append(("Finished", markup(_format_time(end), duration)))
    return facts


def _format_time(moment: datetime, date_format: str = "{date_short_pretty} at {time}") -> Markup:
    """Return a time in the reader's time zone.

    docs.slack.dev, "Formatting text for app surfaces".
    """
    utc = move_to_zone(moment, UTC)
    fallback = f"{utc.day} {utc:%b %Y %H:%M} UTC"
    return Markup(f"<!date^{int(utc.timestamp())}^{date_format}|{fallback}>")


def _render_chakra_status(job: Job, masked: bool) -> Markup | None:
    """Return Chakra's status and message; None if they say no more than the rest of the card."""
    expected = {"", "IN_PROGRESS", SUCCESS if job.finished else ""}
    status = "" if job.completion_status.upper() in expected else job.completion_status
    texts = filter(has_visible_text, (status, job.status_message))
    parts = [_mask_and_clip(text, MAX_MESSAGE_LENGTH, masked) for text in texts]
    return markup("Chakra says: ", " · ".join(parts)) if parts else None


def _render_failed_entries(job: Job, failed_entries: Sequence[JobEntry], masked: bool) -> Markup:
    """Return a line for each reason, with the number of its entries."""
    reasons = Counter(_render_entry_line(entry, masked) for entry in failed_entries).most_common(
        MAX_FAILED_REASONS
    )
    rows = [markup(row, f" · in {count:,} entries" if count > 1 else "") for row, count in reasons]
    more = max(job.unsuccessful, len(failed_entries)) - sum(count for _, count in reasons)
    if more > 0:
        rows.append(markup(f"and {more:,} more"))
    return lines([bold("Failed"), *rows])


def _render_entry_line(entry: JobEntry, masked: bool) -> Markup:
    state = {ERROR: "Failed", INVALID: "Rejected"}.get(
        entry.completion_status,
        _mask_and_clip(entry.completion_status, MAX_DETAIL_LENGTH, masked),
    )
    reason = _mask_and_clip(entry.reason, MAX_REASON_LENGTH, masked) or "no reason given"
    details = "" if masked else "".join(f" · {detail}" for detail in _iter_entry_details(entry))
    return markup(f"• {state}: {reason}{details}")


def _iter_entry_details(entry: JobEntry) -> Iterable[str]:
    """Yield the first undocumented keys, such as the row of the table."""
    known = IGNORED_KEYS | {"error", "errors", "_errors"}
    simple = [
        (key, value)
        for key, value in entry.other.items()
        if key not in known
        and isinstance(value, str | int | float)
        and has_visible_text(str(value))
    ]
    for key, value in simple[:MAX_ENTRY_DETAILS]:
        name, text = (sanitize_line(part, MAX_DETAIL_LENGTH) for part in (key, str(value)))
        yield f"{name}: {text}"


def _render_freshness_note(job: Job | Cached[Job], now: float) -> Markup:
    if isinstance(job, Cached):
        return format_freshness(job)
    return markup(
        "From Chakra, ", _format_time(datetime.fromtimestamp(now, UTC), TIME_WITH_SECONDS_FORMAT)
    )


def _mask_and_clip(text: str, max_length: int, masked: bool) -> str:
    """Mask before clipping: half a number would not be recognized."""
    return blocks.clip(mask_text(text) if masked else text, max_length)


def _render_summary(job: Job, name: str) -> Markup:
    if not job.total:
        return markup(f"{name}: {'finished' if job.finished else 'starting'}")
    # Words between the figures: channel_mask would read figures in a row as one long number.
    what = "finished" if job.finished else f"running, {compute_percent_done(job)}% complete"
    trouble = f", {job.unsuccessful:,} failed" if job.unsuccessful else ""
    return markup(f"{name}: {what}, {job.done:,} of {job.total:,} done{trouble}")
