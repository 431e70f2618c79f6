"""The progress of a long job as one of Slack's charts.

docs.slack.dev/reference/block-kit/blocks/data-visualization-block. Charts are for messages only,
and their labels must differ.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.jobs.progress import MAX_POINTS, ProgressPoint
from bot.slack.commands.reply import Block

MIN_CHART_POINTS = 4
MIN_CHART_SECONDS = 300.0
"""Minimum points, and the seconds that they span. Below that, the progress bar shows as much."""

CHART_TITLE = "Entries done"
SERIES_NAME = "Done"
X_AXIS_LABEL = "Time since the first check"


def render_progress_chart(points: Sequence[ProgressPoint]) -> Block | None:
    """Return the chart; None if there are too few points."""
    labeled = _label_points(points[-MAX_POINTS:])
    if (
        len(labeled) < MIN_CHART_POINTS
        or points[-1].timestamp - points[0].timestamp < MIN_CHART_SECONDS
    ):
        return None
    data = [{"label": label, "value": point.done} for label, point in labeled.items()]
    return {
        "type": "data_visualization",
        "title": CHART_TITLE,
        "chart": {
            "type": "area",
            "series": [{"name": SERIES_NAME, "data": data}],
            "axis_config": {"categories": list(labeled), "x_label": X_AXIS_LABEL},
        },
    }


def _label_points(points: Sequence[ProgressPoint]) -> dict[str, ProgressPoint]:
    """Return points by label: ``4:05`` (minutes and seconds), for a job of hours ``2 h 05``.

    Of points with the same label the last is used.
    """
    if not points:
        return {}
    start, duration = points[0].timestamp, points[-1].timestamp - points[0].timestamp
    label = _format_minutes if duration < 3600 else _format_hours
    return {label(int(point.timestamp - start)): point for point in points}


def _format_minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def _format_hours(seconds: int) -> str:
    return f"{seconds // 3600} h {seconds % 3600 // 60:02}"
