"""One background job as people follow it: how far it is, how fast it goes, what failed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.cache import Cached
from bot.chakra.job import ENTRY_STATES, ERROR, INVALID, NOT_STARTED, SUCCESS, Job, JobEntry
from bot.chakra.text import has_visible_text, sanitize_line
from bot.jobs.chart import progress_chart
from bot.jobs.progress import Progress
from bot.privacy import mask_text
from bot.slack import blocks
from bot.slack.age import freshness
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
"""For what is still to go when the job says that it is over."""

RUNNING_ICON = ":hourglass_flowing_sand:"
BAR_CELLS = 15
FILLED_CELL, EMPTY_CELL = "▓", "░"
"""As plain text: what is set as code is red in Slack, and red means that something is wrong."""

TIME_WITH_SECONDS_FORMAT = "{date_short_pretty} at {time_secs}"

STALLED_AFTER_SECONDS = 120.0
"""Seconds without an entry done before the card says so."""

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
"""Keys of an entry that tell a reader nothing beside its reason."""

CardFields = list[tuple[str, str]]


def job_card(
    job: Job | Cached[Job],
    *,
    progress: Progress | None = None,
    failed_entries: Sequence[JobEntry] = (),
    masked: bool,
    title: str = "",
    now: float,
) -> tuple[Markup, list[Block]]:
    """The line for notifications, and the blocks without buttons.

    ``masked`` where others may read it: phone numbers and addresses are hidden, and of a failed
    entry nothing but its reason is shown. A ``Cached`` job tells its age, which is for one look;
    any other says at what time it was so, which stays true in a message that stands for long.
    ``now`` in seconds since the epoch.
    """
    shown = job.value if isinstance(job, Cached) else job
    name = _mask_and_clip(
        title if has_visible_text(title) else DEFAULT_TITLE, MAX_TITLE_LENGTH, masked
    )
    made = [
        blocks.section(lines([bold(name), _status_line(shown, progress), *_progress_bar(shown)]))
    ]
    made += blocks.fields(
        [*_count_fields(shown), *_speed_fields(shown, progress), *_time_fields(shown)]
    )
    if said := _chakra_status(shown, masked):
        made.append(blocks.section(said))
    if progress is not None and (drawn := progress_chart(progress.points)):
        made.append(drawn)
    if failed_entries:
        made.append(blocks.section(_failed_entries_text(shown, failed_entries, masked)))
    made.append(blocks.context(_freshness_note(job, now), markup("ID ", code(shown.id))))
    return _summary_text(shown, name), made


def percent_done(job: Job) -> int:
    """Rounded down: 100 means that nothing is left to start."""
    return job.done * 100 // job.total if job.total else 0


def humanize_duration(seconds: float) -> str:
    """``40 seconds``, ``3 minutes``, ``2 hours 10 minutes``, ``5 days``: as a person would say."""
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


def _status_line(job: Job, progress: Progress | None) -> str:
    if job.finished:
        return _outcome_line(job)
    if not job.total:
        return Markup(f"{RUNNING_ICON} Starting…")
    if progress is not None and progress.stalled_seconds >= STALLED_AFTER_SECONDS:
        stalled = humanize_duration(progress.stalled_seconds)
        return Markup(f":warning: Stalled: no progress in the last {stalled}.")
    return Markup(f"{RUNNING_ICON} Running")


def _outcome_line(job: Job) -> Markup:
    if job.unsuccessful:
        of = f"{job.unsuccessful:,} of {job.total:,}"
        return Markup(f":warning: Finished; {of} failed")
    if job.remaining:
        return Markup(f":warning: Finished; {job.remaining:,} of {job.total:,} were never started")
    return Markup(":white_check_mark: Finished")


def _progress_bar(job: Job) -> list[Markup]:
    if not job.total:
        return []
    full = job.done * BAR_CELLS // job.total
    cells = FILLED_CELL * full + EMPTY_CELL * (BAR_CELLS - full)
    return [markup(f"{cells}  {percent_done(job)}%  ·  {job.done:,} of {job.total:,}")]


def _count_fields(job: Job) -> CardFields:
    """The documented states first, then whatever else Chakra counts, by its own name."""
    labels = STATE_LABELS | ({NOT_STARTED: NEVER_STARTED_LABEL} if job.finished else {})
    facts = [(labels[one], f"{job.counts[one]:,}") for one in ENTRY_STATES if job.counts.get(one)]
    others = [name for name in job.counts if name not in STATE_LABELS and job.counts[name]]
    facts += [(name, f"{job.counts[name]:,}") for name in others[:MAX_CUSTOM_STATES]]
    if more := others[MAX_CUSTOM_STATES:]:
        rest = sum(job.counts[name] for name in more)
        facts.append((_pluralize(len(more), "more state"), f"{rest:,}"))
    return facts


def _speed_fields(job: Job, progress: Progress | None) -> CardFields:
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


def _time_fields(job: Job) -> CardFields:
    began, ended = job.started_at or job.created_at, job.completed_at
    facts: CardFields = [("Started", _format_time(began))] if began else []
    if ended:
        took = (
            f" (took {humanize_duration((ended - began).total_seconds())})"
            if began and ended > began
            else ""
        )
        facts.append(("Finished", markup(_format_time(ended), took)))
    return facts


def _format_time(moment: datetime, date_format: str = "{date_short_pretty} at {time}") -> Markup:
    """On the reader's own clock. docs.slack.dev, "Formatting text for app surfaces"."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:  # the first or the last day that there is
        utc = moment.replace(tzinfo=UTC)
    fallback = f"{utc.day} {utc:%b %Y %H:%M} UTC"
    return Markup(f"<!date^{int(utc.timestamp())}^{date_format}|{fallback}>")


def _chakra_status(job: Job, masked: bool) -> Markup | None:
    """What Chakra says of the job as a whole, where it says more than that it is under way."""
    usual = {"", "IN_PROGRESS", SUCCESS if job.finished else ""}
    status = "" if job.completion_status.upper() in usual else job.completion_status
    said = filter(has_visible_text, (status, job.status_message))
    parts = [_mask_and_clip(part, MAX_MESSAGE_LENGTH, masked) for part in said]
    return markup("Chakra says: ", " · ".join(parts)) if parts else None


def _failed_entries_text(job: Job, failed_entries: Sequence[JobEntry], masked: bool) -> Markup:
    """What is said alike of several entries is said once."""
    told = Counter(_entry_line(entry, masked) for entry in failed_entries).most_common(
        MAX_FAILED_REASONS
    )
    rows = [
        markup(row, f" · {_pluralize(count, 'time')}" if count > 1 else "") for row, count in told
    ]
    more = max(job.unsuccessful, len(failed_entries)) - sum(count for _, count in told)
    if more > 0:
        rows.append(markup(f"and {more:,} more"))
    return lines([bold("Failed"), *rows])


def _entry_line(entry: JobEntry, masked: bool) -> Markup:
    state = {ERROR: "Failed", INVALID: "Rejected"}.get(
        entry.completion_status,
        _mask_and_clip(entry.completion_status, MAX_DETAIL_LENGTH, masked),
    )
    reason = _mask_and_clip(entry.reason, MAX_REASON_LENGTH, masked) or "no reason given"
    details = "" if masked else "".join(f" · {one}" for one in _entry_details(entry))
    return markup(f"• {state}: {reason}{details}")


def _entry_details(entry: JobEntry) -> Iterable[str]:
    """The first keys that nobody knows but that a reader may, such as the row it was made from."""
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


def _freshness_note(job: Job | Cached[Job], now: float) -> Markup:
    if isinstance(job, Cached):
        return freshness(job)
    return markup(
        "From Chakra, ", _format_time(datetime.fromtimestamp(now, UTC), TIME_WITH_SECONDS_FORMAT)
    )


def _mask_and_clip(text: str, max_length: int, masked: bool) -> str:
    """Masked before it is clipped: half a number would not be known for one."""
    return blocks.clip(mask_text(text) if masked else text, max_length)


def _summary_text(job: Job, name: str) -> Markup:
    if not job.total:
        return markup(f"{name}: {'finished' if job.finished else 'starting'}")
    what = "finished" if job.finished else f"{percent_done(job)}%"
    trouble = f", {job.unsuccessful:,} failed" if job.unsuccessful else ""
    return markup(f"{name}: {what}, {job.done:,} of {job.total:,} done{trouble}")
