"""How a long job went on, as a chart of Slack's own.

docs.slack.dev/reference/block-kit/blocks/data-visualization-block. It stands in messages only, and
a label at most once in one chart.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.jobs.progress import MAX_POINTS, ProgressPoint
from bot.slack.commands.reply import Block

MIN_CHART_POINTS = 4
MIN_CHART_SECONDS = 300.0
"""Points, and seconds that they span: below that a bar of text says as much."""

CHART_TITLE = "Entries done"
SERIES_NAME = "Done"
X_AXIS_LABEL = "Time since the first look"


def progress_chart(points: Sequence[ProgressPoint]) -> Block | None:
    """Nothing where there is too little to see."""
    labelled = _points_by_label(points[-MAX_POINTS:])
    if (
        len(labelled) < MIN_CHART_POINTS
        or points[-1].timestamp - points[0].timestamp < MIN_CHART_SECONDS
    ):
        return None
    data = [{"label": label, "value": point.done} for label, point in labelled.items()]
    return {
        "type": "data_visualization",
        "title": CHART_TITLE,
        "chart": {
            "type": "area",
            "series": [{"name": SERIES_NAME, "data": data}],
            "axis_config": {"categories": list(labelled), "x_label": X_AXIS_LABEL},
        },
    }


def _points_by_label(points: Sequence[ProgressPoint]) -> dict[str, ProgressPoint]:
    """By ``4:05`` (minutes and seconds) or, where it takes hours, ``2 h 05``. Of points with one
    label the last is taken."""
    if not points:
        return {}
    began, lasted = points[0].timestamp, points[-1].timestamp - points[0].timestamp
    label = _format_minutes if lasted < 3600 else _format_hours
    return {label(int(point.timestamp - began)): point for point in points}


def _format_minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def _format_hours(seconds: int) -> str:
    return f"{seconds // 3600} h {seconds % 3600 // 60:02}"
