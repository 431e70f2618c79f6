"""The chart block: its kinds, and the limits of their labels and points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.limits.report import Json, Report

_AXIS_CHARTS = ("bar", "line", "area")


def check_chart(report: Report, block: Json, at: str) -> None:
    report.length("chart.title", block.get("title"), f"{at}/title")
    chart = report.mapping(block.get("chart"), f"{at}/chart")
    if chart is None:
        return
    if chart.get("type") == "pie":
        _pie(report, chart, f"{at}/chart")
    elif chart.get("type") in _AXIS_CHARTS:
        _axes(report, chart, f"{at}/chart")
    else:
        report.add("chart", f"{at}/chart/type", f"unsupported type: {chart.get('type')}")


def _pie(report: Report, chart: Json, at: str) -> None:
    segments = report.array(chart.get("segments"), f"{at}/segments")
    if segments is None:
        return
    report.count("chart.segments", len(segments), f"{at}/segments")
    for index, segment in enumerate(segments):
        where = f"{at}/segments/{index}"
        _point(report, segment, where)
        value = segment.get("value") if isinstance(segment, dict) else None
        if isinstance(value, int | float) and value <= 0:
            report.add("chart", f"{where}/value", "must be more than 0")


def _axes(report: Report, chart: Json, at: str) -> None:
    axis = report.mapping(chart.get("axis_config"), f"{at}/axis_config")
    series = report.array(chart.get("series"), f"{at}/series")
    if axis is None or series is None:
        return
    report.count("chart.series", len(series), f"{at}/series")
    categories = report.array(axis.get("categories"), f"{at}/axis_config/categories") or ()
    report.count("chart.categories", len(categories), f"{at}/axis_config/categories")
    for index, category in enumerate(categories):
        report.length("chart.label", category, f"{at}/axis_config/categories/{index}")
    for name in ("x_label", "y_label"):
        if name in axis:
            report.length("chart.axis", axis[name], f"{at}/axis_config/{name}")
    _series(report, series, categories, f"{at}/series")


def _series(report: Report, series: Sequence[Any], categories: Sequence[Any], at: str) -> None:
    names: list[object] = []
    for index, value in enumerate(series):
        line = report.mapping(value, f"{at}/{index}")
        if line is None:
            continue
        report.length("chart.label", line.get("name"), f"{at}/{index}/name")
        if line.get("name") in names:
            report.add("chart", f"{at}/{index}/name", "must be unique")
        names.append(line.get("name"))
        points = report.array(line.get("data"), f"{at}/{index}/data") or ()
        for number, point in enumerate(points):
            _point(report, point, f"{at}/{index}/data/{number}")
        labels = [point.get("label") for point in points if isinstance(point, dict)]
        if labels != list(categories):
            report.add("chart", f"{at}/{index}/data", "labels must be the categories")


def _point(report: Report, value: object, at: str) -> None:
    point = report.mapping(value, at)
    if point is None:
        return
    report.length("chart.label", point.get("label"), f"{at}/label")
    number = point.get("value")
    if not isinstance(number, int | float) or isinstance(number, bool):
        report.add("shape", f"{at}/value", "must provide a number")
