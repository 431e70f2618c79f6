"""How a long job went on, as a chart of Slack's own.

docs.slack.dev/reference/block-kit/blocks/data-visualization-block. It stands in messages only, and
a label at most once in one chart.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.jobs.progress import MOST_POINTS, Point
from bot.slack.commands.reply import Block

FEWEST = 4
SHORTEST = 300.0
"""Points, and seconds that they span: below that a bar of text says as much."""

TITLE = "Entries done"
SERIES = "Done"
TIME = "Time since the first look"


def chart(points: Sequence[Point]) -> Block | None:
    """Nothing where there is too little to see."""
    labelled = _labelled(points[-MOST_POINTS:])
    if len(labelled) < FEWEST or points[-1].at - points[0].at < SHORTEST:
        return None
    data = [{"label": label, "value": point.done} for label, point in labelled.items()]
    return {
        "type": "data_visualization",
        "title": TITLE,
        "chart": {
            "type": "area",
            "series": [{"name": SERIES, "data": data}],
            "axis_config": {"categories": list(labelled), "x_label": TIME},
        },
    }


def _labelled(points: Sequence[Point]) -> dict[str, Point]:
    """By ``4:05`` (minutes and seconds) or, where it takes hours, ``2 h 05``. Of points with one
    label the last is taken."""
    if not points:
        return {}
    began, lasted = points[0].at, points[-1].at - points[0].at
    label = _minutes if lasted < 3600 else _hours
    return {label(int(point.at - began)): point for point in points}


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def _hours(seconds: int) -> str:
    return f"{seconds // 3600} h {seconds % 3600 // 60:02}"
