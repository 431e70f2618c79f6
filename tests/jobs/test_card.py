"""The card of a job at each stage, and the personal data that it must not show to others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cache import Cached
from bot.chakra.job import Job, JobEntry
from bot.errors import Unavailable
from bot.jobs.card import compute_percent_done, humanize_duration, render_job_card
from bot.jobs.chart import render_progress_chart
from bot.jobs.progress import Progress, ProgressPoint, add_point
from bot.sandbox.slack.limits import check_response_body
from bot.slack.channel_mask import mask_for_channel
from bot.slack.commands.reply import Block, Message, build_response_body
from tests.chakra.upstream import read_example
from tests.jobs.builders import JOB, build_entry, build_job, build_job_at

NOW = 1_617_966_836.0
STARTED_AT = NOW - 300


def build_documented_job() -> Job:
    body = read_example("fetch-background-job.response")
    return build_job(body["_meta"]["bjEntryCompletionStatusVsCount"], **body["_data"])


def render_card(job: Job | Cached[Job], *, masked: bool = False, **more: Any) -> str:
    text, blocks = render_job_card(job, masked=masked, now=NOW, **more)
    message = Message(text, tuple(blocks))
    assert check_response_body(build_response_body(message)) == []
    return json.dumps([text, blocks], ensure_ascii=False)


def build_progress(seconds: int, done: int, *, every: int = 20) -> Progress:
    """Return the progress of a steady job that was observed every ``every`` seconds."""
    points: tuple[ProgressPoint, ...] = ()
    for second in range(0, seconds + 1, every):
        points = add_point(points, ProgressPoint(NOW - seconds + second, done * second // seconds))
    return Progress.from_points(points, build_job_at(done), NOW)


def test_the_documented_job() -> None:
    text = render_card(build_documented_job())
    for part in (
        "*Background job*",
        "Running",
        "\\n🟩🟩🟩🟩🟩🟩🟩🟩⬜⬜  80%  ·  492 of 612",
        "*Succeeded*\\n389",
        "*Failed*\\n3",
        "*Rejected*\\n100",
        "*Remaining*\\n120",
        "<!date^1617966536^{date_short_pretty} at {time}|9 Apr 2021 11:08 UTC>",
        f"ID `{JOB}`",
        "Background job: running, 80% complete, 492 of 612 done, 103 failed",
    ):
        assert part in text
    for absent in ("Speed", "Time left", "*Finished*", "data_visualization", "actions", "IN_PROG"):
        assert absent not in text


def test_a_job_without_counts_yet() -> None:
    text = render_card(build_job(createdAt=1617966536211, completionStatus="IN_PROGRESS"))
    assert "Starting…" in text
    assert "*Started*" in text
    for absent in ("⬜", "Remaining", "0 of 0", "Chakra says"):
        assert absent not in text


def test_empty_states_are_hidden_and_unknown_states_shown() -> None:
    text = render_card(
        build_job({"SUCCESS": 1204, "ERROR": 0, "SKIPPED & left": 2, "NOT_STARTED": 1})
    )
    assert "*Succeeded*\\n1,204" in text
    assert "*SKIPPED &amp; left*\\n2" in text
    assert "*Failed*" not in text


def test_excess_states_are_summed_up() -> None:
    text = render_card(build_job({f"S{number}": 1 for number in range(30)}))
    assert "*20 more states*\\n20" in text


@pytest.mark.parametrize(
    ("job", "says"),
    [
        (build_job({"SUCCESS": 9}), ":white_check_mark: Finished"),
        (build_job({"SUCCESS": 9, "ERROR": 2, "INVALID": 1}), "Finished; 3 of 12 failed"),
        (build_job({"SUCCESS": 9, "NOT_STARTED": 1}, completedAt=1), "1 of 10 were never started"),
        (build_job({"SUCCESS": 9, "NOT_STARTED": 1}, completedAt=1), "*Never started*\\n1"),
        (build_job(completedAt=1617966536211), "Background job: finished"),
    ],
)
def test_outcome_line(job: Job, says: str) -> None:
    assert says in render_card(job)
    assert "Running" not in render_card(job)


def test_duration_line() -> None:
    moments = {"startedAt": 1617966536211, "completedAt": 1617966666211}
    assert "(took 2 minutes)" in render_card(build_job({"SUCCESS": 9}, **moments))
    assert "took" not in render_card(build_job({"SUCCESS": 9}, completedAt=1617966666211))


def test_job_level_message_is_shown() -> None:
    text = render_card(
        build_job({"ERROR": 1}, completionStatus="FAILED", statusMessage="No <credit>")
    )
    assert "Chakra says: FAILED · No &lt;credit&gt;" in text
    quiet = render_card(
        build_job({"SUCCESS": 1}, completionStatus="SUCCESS", statusMessage="\u200b")
    )
    assert "Chakra says" not in quiet


def test_speed_and_eta_appear_once_known() -> None:
    text = render_card(build_job_at(200), progress=build_progress(40, 200))
    assert "*Speed*\\n300 a minute" in text
    assert "*Time left*\\nabout 3 minutes" in text
    early = render_card(build_job_at(50), progress=build_progress(20, 50))
    assert "Speed" not in early
    crawling = render_card(build_job_at(5), progress=build_progress(1200, 5, every=60))
    assert "*Speed*\\n24 an hour" in crawling


def test_stalled_job_is_labeled() -> None:
    points = [
        ProgressPoint(STARTED_AT, 10),
        ProgressPoint(STARTED_AT + 100, 50),
        ProgressPoint(NOW, 50),
    ]
    text = render_card(
        build_job_at(50), progress=Progress.from_points(points, build_job_at(50), NOW)
    )
    assert "Stalled: no progress in the last 3 minutes." in text
    assert "Time left" not in text.replace("Speed", "")
    soon = Progress.from_points(points, build_job_at(50), STARTED_AT + 219)
    assert "Stalled" not in render_card(build_job_at(50), progress=soon)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "1 second"),
        (1.4, "1 second"),
        (54, "54 seconds"),
        (58, "1 minute"),
        (89, "1 minute"),
        (170, "3 minutes"),
        (3600, "1 hour"),
        (7800, "2 hours 10 minutes"),
        (47 * 3600 + 60, "47 hours 1 minute"),
        (3 * 86400, "3 days"),
        (1e12, "11,574,074 days"),
    ],
)
def test_durations_are_humanized(seconds: float, expected: str) -> None:
    assert humanize_duration(seconds) == expected


def test_percentage_is_rounded_down() -> None:
    assert compute_percent_done(build_job_at(999, 1000)) == 99
    assert compute_percent_done(build_job_at(1000, 1000)) == 100
    assert compute_percent_done(build_job()) == 0
    assert f"\\n{'⬜' * 10}  0%" in render_card(build_job_at(1, 1000))


# --- the chart -----------------------------------------------------------------------------------


def list_button_labels(block: Block | None) -> list[str]:
    assert block is not None
    found: list[str] = block["chart"]["axis_config"]["categories"]
    assert [point["label"] for point in block["chart"]["series"][0]["data"]] == found
    return found


def test_a_long_job_has_a_chart() -> None:
    progress = build_progress(600, 600, every=120)
    assert '"type": "data_visualization"' in render_card(build_job_at(600), progress=progress)
    assert list_button_labels(render_progress_chart(progress.points)) == [
        "0:00",
        "2:00",
        "4:00",
        "6:00",
        "8:00",
        "10:00",
    ]
    hours = build_progress(3 * 3600, 900, every=3600)
    assert list_button_labels(render_progress_chart(hours.points)) == [
        "0 h 00",
        "1 h 00",
        "2 h 00",
        "3 h 00",
    ]


@pytest.mark.parametrize(
    "points",
    [
        [],
        [ProgressPoint(0, 0), ProgressPoint(200, 5), ProgressPoint(400, 9)],
        [ProgressPoint(0, 0), ProgressPoint(10, 5), ProgressPoint(20, 9), ProgressPoint(299, 10)],
        [ProgressPoint(0, 0), ProgressPoint(0.1, 5), ProgressPoint(0.2, 9), ProgressPoint(400, 10)],
    ],
)
def test_short_history_has_no_chart(points: list[ProgressPoint]) -> None:
    assert render_progress_chart(points) is None


# --- what failed ---------------------------------------------------------------------------------

PRIVATE = build_entry(
    "ERROR", "No lead with +91 98765 43210 or ravi@example.com", row=17, phone="919876543210"
)


def test_first_failures_are_listed_with_reasons() -> None:
    failed = [
        PRIVATE,
        build_entry("INVALID", "*No* such <lead>"),
        build_entry("ERROR"),
        build_entry("ODD", "x"),
    ]
    text = render_card(build_documented_job(), failed_entries=failed)
    assert "Failed: No lead with +91 98765 43210 or ravi@example.com · row: 17" in text
    assert "• Rejected: *No* such &lt;lead&gt;" in text
    assert "• Failed: no reason given" in text
    assert "• ODD: x" in text
    assert "and 99 more" in text


def test_at_most_five_failures_are_listed() -> None:
    failed = [build_entry("ERROR", f"Reason {number}") for number in range(9)]
    text = render_card(build_job({"ERROR": 9}), failed_entries=failed)
    assert "Reason 4" in text
    assert "Reason 5" not in text
    assert "and 4 more" in text
    assert "more" not in render_card(build_job({"ERROR": 5}), failed_entries=failed[:5])


def test_identical_failure_reasons_are_grouped() -> None:
    again = [build_entry("INVALID", "Process not found")] * 3
    text = render_card(
        build_documented_job(), failed_entries=[build_entry("ERROR", "No score"), *again]
    )
    assert "• Rejected: Process not found · in 3 entries\\n• Failed: No score\\nand 99 more" in text


@pytest.mark.parametrize("count", [9, 999, 16_120, 204_312, 1_204_312])
def test_figures_of_a_job_of_any_size_are_no_phone_numbers(count: int) -> None:
    failed = [build_entry("ERROR", "Refused with code 131026")] * 12
    for counts in ({"SUCCESS": count, "ERROR": count}, {"SUCCESS": count, "NOT_STARTED": count}):
        text, blocks = render_job_card(
            build_job(counts), failed_entries=failed, title="Leads 12345", masked=True, now=NOW
        )
        message = Message(text, tuple(blocks))
        assert mask_for_channel(message) == message


def test_public_card_shows_no_personal_data() -> None:
    text = render_card(
        build_job({"ERROR": 1}, statusMessage="Ask ravi@example.com"),
        masked=True,
        failed_entries=[PRIVATE, build_entry("ERROR", "x" * 245 + " 919876543210")],
        title="Leads of +91 98765 43210",
    )
    for hidden in ("98765", "9198", "ravi", "row: 17"):
        assert hidden not in text
    assert "•••••• 3210" in text
    assert "r•••@example.com" in text


def test_failed_entry_shows_at_most_three_extra_keys() -> None:
    odd = build_entry(
        "ERROR", "Bad", createdAt=5, a="one\ntwo", b=2.5, c={}, d=None, e=" ", f="x" * 99
    )
    text = render_card(build_job({"ERROR": 1}), failed_entries=[odd])
    assert f"Bad · a: one two · b: 2.5 · f: {'x' * 59}…" in text
    assert "createdAt" not in text


# --- its age -------------------------------------------------------------------------------------


def test_cached_job_shows_when_it_was_loaded() -> None:
    assert "From Chakra, <!date^12^" in render_card(Cached(build_job_at(5), 3.0, loaded_at=12.0))
    stale = Cached(build_job_at(5), 600.0, True, Unavailable("down"), loaded_at=12.0)
    assert "Chakra can't be reached right now. This is from <!date^12^" in render_card(stale)


def test_long_lived_message_shows_its_timestamp() -> None:
    assert "From Chakra, <!date^1617966836^" in render_card(build_job_at(5))


def test_custom_title_replaces_the_default() -> None:
    assert "*Diwali leads*" in render_card(build_job_at(5), title="Diwali *leads*").replace("∗", "")
    assert "*Background job*" in render_card(build_job_at(5), title="\u200b")


WILD = st.text(max_size=30) | st.sampled_from(["<!channel>", "*", "`", "x" * 5000, "&" * 3000])


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(WILD, st.integers(-5, 10**12), max_size=30),
    st.dictionaries(st.sampled_from(["ERROR", "NOT_STARTED"]), st.integers(0, 10**6)),
    st.lists(
        st.dictionaries(
            WILD | st.sampled_from(["completionStatus", "statusMessage"]), WILD, max_size=6
        ),
        max_size=9,
    ),
    WILD,
    st.sampled_from(
        [None, 1, 1617966536211, "9999-12-31T23:59:59-14:00", "0001-01-01T00:00+14:00"]
    ),
    st.lists(
        st.builds(ProgressPoint, timestamp=st.floats(0, 4e9), done=st.integers(0, 10**9)),
        max_size=30,
    ),
    st.booleans(),
)
def test_any_job_renders_a_valid_card(
    counts: dict[str, int],
    known: dict[str, int],
    failed: list[dict[str, str]],
    wild: str,
    moment: object,
    points: list[ProgressPoint],
    masked: bool,
) -> None:
    job = build_job(
        counts | known,
        completionStatus=wild,
        statusMessage=wild,
        startedAt=moment,
        completedAt=moment if known else 0,
    )
    entries = [JobEntry.from_item(item) for item in failed]
    progress = Progress.from_points(points, job, NOW)
    text = render_card(job, masked=masked, title=wild, failed_entries=entries, progress=progress)
    assert "<!channel>" not in text
