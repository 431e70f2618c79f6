"""The chart block: its kinds, and the limits of their labels and points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.limits.validation_report import Json, ValidationReport

_AXIS_CHARTS = ("bar", "line", "area")


def check_chart(report: ValidationReport, block: Json, pointer: str) -> None:
    report.check_length("chart.title", block.get("title"), f"{pointer}/title")
    chart = report.require_object(block.get("chart"), f"{pointer}/chart")
    if chart is None:
        return
    if chart.get("type") == "pie":
        _check_pie(report, chart, f"{pointer}/chart")
    elif chart.get("type") in _AXIS_CHARTS:
        _check_axes(report, chart, f"{pointer}/chart")
    else:
        report.add("chart", f"{pointer}/chart/type", f"unsupported type: {chart.get('type')}")


def _check_pie(report: ValidationReport, chart: Json, pointer: str) -> None:
    segments = report.require_array(chart.get("segments"), f"{pointer}/segments")
    if segments is None:
        return
    report.check_count("chart.segments", len(segments), f"{pointer}/segments")
    for index, segment in enumerate(segments):
        where = f"{pointer}/segments/{index}"
        _check_point(report, segment, where)
        value = segment.get("value") if isinstance(segment, dict) else None
        if isinstance(value, int | float) and value <= 0:
            report.add("chart", f"{where}/value", "must be more than 0")


def _check_axes(report: ValidationReport, chart: Json, pointer: str) -> None:
    axis = report.require_object(chart.get("axis_config"), f"{pointer}/axis_config")
    series = report.require_array(chart.get("series"), f"{pointer}/series")
    if axis is None or series is None:
        return
    report.check_count("chart.series", len(series), f"{pointer}/series")
    categories = (
        report.require_array(axis.get("categories"), f"{pointer}/axis_config/categories") or ()
    )
    report.check_count("chart.categories", len(categories), f"{pointer}/axis_config/categories")
    for index, category in enumerate(categories):
        report.check_length("chart.label", category, f"{pointer}/axis_config/categories/{index}")
    for name in ("x_label", "y_label"):
        if name in axis:
            report.check_length("chart.axis", axis[name], f"{pointer}/axis_config/{name}")
    _check_series(report, series, categories, f"{pointer}/series")


def _check_series(
    report: ValidationReport, series: Sequence[Any], categories: Sequence[Any], pointer: str
) -> None:
    names: list[object] = []
    for index, value in enumerate(series):
        line = report.require_object(value, f"{pointer}/{index}")
        if line is None:
            continue
        report.check_length("chart.label", line.get("name"), f"{pointer}/{index}/name")
        if line.get("name") in names:
            report.add("chart", f"{pointer}/{index}/name", "must be unique")
        names.append(line.get("name"))
        points = report.require_array(line.get("data"), f"{pointer}/{index}/data") or ()
        for number, point in enumerate(points):
            _check_point(report, point, f"{pointer}/{index}/data/{number}")
        labels = [point.get("label") for point in points if isinstance(point, dict)]
        if labels != list(categories):
            report.add("chart", f"{pointer}/{index}/data", "labels must be the categories")


def _check_point(report: ValidationReport, value: object, pointer: str) -> None:
    point = report.require_object(value, pointer)
    if point is None:
        return
    report.check_length("chart.label", point.get("label"), f"{pointer}/label")
    number = point.get("value")
    if not isinstance(number, int | float) or isinstance(number, bool):
        report.add("shape", f"{pointer}/value", "must provide a number")
