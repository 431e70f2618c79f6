"""One background job as people follow it: how far it is, how fast it goes, what failed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.cache import Cached
from bot.chakra.job import ERROR, INVALID, NOT_STARTED, STATES, SUCCESS, Job, JobEntry
from bot.chakra.text import plain, visible
from bot.jobs.chart import chart
from bot.jobs.progress import Progress
from bot.privacy import strictly
from bot.slack import blocks
from bot.slack.age import freshness
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.commands.reply import Block

TITLE = "Background job"
LABELS = {
    SUCCESS: "Succeeded",
    ERROR: "Failed",
    INVALID: "Rejected, never tried",
    NOT_STARTED: "To go",
}
LEFT_OVER = "Never started"
"""For what is still to go when the job says that it is over."""

RUNNING = ":hourglass_flowing_sand:"
CELLS = 15
FULL, EMPTY = "▓", "░"
"""As plain text: what is set as code is red in Slack, and red means that something is wrong."""

TO_THE_SECOND = "{date_short_pretty} at {time_secs}"

STALLED = 120.0
"""Seconds without an entry done before the card says so."""

MOST_FAILED = 5
MOST_OWN_STATES = 10
MOST_DETAILS = 3
LONGEST_TITLE = 150
LONGEST_REASON = 250
LONGEST_DETAIL = 60
LONGEST_MESSAGE = 500

KNOWN = frozenset(
    {"createdAt", "updatedAt", "startedAt", "completedAt", "backgroundJob", "statusMessage"}
)
"""Keys of an entry that tell a reader nothing beside its reason."""

Facts = list[tuple[str, str]]


def card(
    job: Job | Cached[Job],
    *,
    progress: Progress | None = None,
    failed: Sequence[JobEntry] = (),
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
    name = _safe(title if visible(title) else TITLE, LONGEST_TITLE, masked)
    made = [blocks.section(lines([bold(name), _state(shown, progress), *_bar(shown)]))]
    made += blocks.fields([*_counts(shown), *_speed(shown, progress), *_times(shown)])
    if said := _said(shown, masked):
        made.append(blocks.section(said))
    if progress is not None and (drawn := chart(progress.points)):
        made.append(drawn)
    if failed:
        made.append(blocks.section(_failed(shown, failed, masked)))
    made.append(blocks.context(_as_of(job, now), markup("Id ", code(shown.id))))
    return _summary(shown, name), made


def percent(job: Job) -> int:
    """Rounded down: 100 means that nothing is left to start."""
    return job.done * 100 // job.total if job.total else 0


def span(seconds: float) -> str:
    """``40 seconds``, ``3 minutes``, ``2 hours 10 minutes``, ``5 days``: as a person would say."""
    if seconds < 55:
        return _many(max(1, round(seconds)), "second")
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return _many(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return _many(hours // 24, "day")
    return f"{_many(hours, 'hour')} {_many(rest, 'minute')}" if rest else _many(hours, "hour")


def _many(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def _state(job: Job, progress: Progress | None) -> str:
    if job.finished:
        return _outcome(job)
    if not job.total:
        return Markup(
            ":hourglass_flowing_sand: Just begun. Chakra has not counted its entries yet."
        )
    if progress is not None and progress.stalled_for >= STALLED:
        standing = span(progress.stalled_for)
        return Markup(f":warning: Standing still: no entry was done in the last {standing}.")
    return Markup(f"{RUNNING} Running")


def _outcome(job: Job) -> Markup:
    if job.unsuccessful:
        of = f"{job.unsuccessful:,} of {job.total:,}"
        return Markup(f":warning: Finished; {of} did not succeed")
    if job.to_go:
        return Markup(f":warning: Finished; {job.to_go:,} of {job.total:,} were never started")
    return Markup(":white_check_mark: Finished")


def _bar(job: Job) -> list[Markup]:
    if not job.total:
        return []
    full = job.done * CELLS // job.total
    cells = FULL * full + EMPTY * (CELLS - full)
    return [markup(f"{cells}  {percent(job)}%  ·  {job.done:,} of {job.total:,}")]


def _counts(job: Job) -> Facts:
    """The documented states first, then whatever else Chakra counts, by its own name."""
    labels = LABELS | ({NOT_STARTED: LEFT_OVER} if job.finished else {})
    facts = [(labels[one], f"{job.counts[one]:,}") for one in STATES if job.counts.get(one)]
    others = [name for name in job.counts if name not in LABELS and job.counts[name]]
    facts += [(name, f"{job.counts[name]:,}") for name in others[:MOST_OWN_STATES]]
    if more := others[MOST_OWN_STATES:]:
        rest = sum(job.counts[name] for name in more)
        facts.append((_many(len(more), "more state"), f"{rest:,}"))
    return facts


def _speed(job: Job, progress: Progress | None) -> Facts:
    if progress is None or job.finished or not progress.per_minute:
        return []
    facts = [("Speed", _a_minute(progress.per_minute))]
    if progress.eta_seconds is not None:
        facts.append(("Time left", f"about {span(progress.eta_seconds)}"))
    return facts


def _a_minute(speed: float) -> str:
    if speed < 1:
        return f"{max(1, round(speed * 60)):,} an hour"
    return f"{round(speed):,} a minute"


def _times(job: Job) -> Facts:
    began, ended = job.started_at or job.created_at, job.completed_at
    facts: Facts = [("Started", _at(began))] if began else []
    if ended:
        took = f" (took {span((ended - began).total_seconds())})" if began and ended > began else ""
        facts.append(("Finished", markup(_at(ended), took)))
    return facts


def _at(moment: datetime, shown: str = "{date_short_pretty} at {time}") -> Markup:
    """On the reader's own clock. docs.slack.dev, "Formatting text for app surfaces"."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:  # the first or the last day that there is
        utc = moment.replace(tzinfo=UTC)
    fallback = f"{utc.day} {utc:%b %Y %H:%M} UTC"
    return Markup(f"<!date^{int(utc.timestamp())}^{shown}|{fallback}>")


def _said(job: Job, masked: bool) -> Markup | None:
    """What Chakra says of the job as a whole, where it says more than that it is under way."""
    usual = {"", "IN_PROGRESS", SUCCESS if job.finished else ""}
    status = "" if job.completion_status.upper() in usual else job.completion_status
    said = filter(visible, (status, job.status_message))
    parts = [_safe(part, LONGEST_MESSAGE, masked) for part in said]
    return markup("Chakra says: ", " · ".join(parts)) if parts else None


def _failed(job: Job, failed: Sequence[JobEntry], masked: bool) -> Markup:
    """What is said alike of several entries is said once."""
    told = Counter(_entry(entry, masked) for entry in failed).most_common(MOST_FAILED)
    rows = [markup(row, f" · {_many(count, 'time')}" if count > 1 else "") for row, count in told]
    more = max(job.unsuccessful, len(failed)) - sum(count for _, count in told)
    if more > 0:
        rows.append(markup(f"and {more:,} more"))
    return lines([bold("Did not succeed"), *rows])


def _entry(entry: JobEntry, masked: bool) -> Markup:
    state = {ERROR: "Failed", INVALID: "Rejected"}.get(
        entry.completion_status, _safe(entry.completion_status, LONGEST_DETAIL, masked)
    )
    reason = _safe(entry.reason, LONGEST_REASON, masked) or "no reason given"
    details = "" if masked else "".join(f" · {one}" for one in _details(entry))
    return markup(f"• {state}: {reason}{details}")


def _details(entry: JobEntry) -> Iterable[str]:
    """The first keys that nobody knows but that a reader may, such as the row it was made from."""
    known = KNOWN | {"error", "errors", "_errors"}
    simple = [
        (key, value)
        for key, value in entry.other.items()
        if key not in known and isinstance(value, str | int | float) and visible(str(value))
    ]
    for key, value in simple[:MOST_DETAILS]:
        yield f"{plain(key, LONGEST_DETAIL)}: {plain(str(value), LONGEST_DETAIL)}"


def _as_of(job: Job | Cached[Job], now: float) -> Markup:
    if isinstance(job, Cached):
        return freshness(job)
    return markup("From Chakra, ", _at(datetime.fromtimestamp(now, UTC), TO_THE_SECOND))


def _safe(text: str, most: int, masked: bool) -> str:
    """Masked before it is clipped: half a number would not be known for one."""
    return blocks.clip(strictly(text) if masked else text, most)


def _summary(job: Job, name: str) -> Markup:
    if not job.total:
        return markup(f"{name}: {'finished' if job.finished else 'just begun'}")
    what = "finished" if job.finished else f"{percent(job)}%"
    trouble = f", {job.unsuccessful:,} did not succeed" if job.unsuccessful else ""
    return markup(f"{name}: {what}, {job.done:,} of {job.total:,} done{trouble}")
