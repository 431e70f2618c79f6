"""The blocks of 2025 and 2026: charts, cards, containers, alerts, steps of work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.limits.elements import check_element, check_image
from bot.sandbox.slack.limits.report import Json, Report
from bot.sandbox.slack.limits.text import check_text

CONTAINER_CHILDREN = frozenset(
    {
        "actions",
        "context",
        "divider",
        "file",
        "header",
        "image",
        "input",
        "rich_text",
        "section",
        "table",
        "video",
    }
)
"""docs.slack.dev/reference/block-kit/blocks/container-block"""

_LEVELS = ("default", "info", "warning", "error", "success")
_STATUSES = ("pending", "in_progress", "complete", "error")
_CARD_PARTS = ("hero_image", "title", "actions", "body")
_AXIS_CHARTS = ("bar", "line", "area")


def check_alert(report: Report, block: Json, at: str) -> None:
    if "text" not in block:
        report.missing("alert", at, "text")
    else:
        check_text(report, block["text"], f"{at}/text")
    if "level" in block:
        report.one_of("alert", block["level"], _LEVELS, f"{at}/level")


def check_card(report: Report, block: Json, at: str) -> None:
    if not any(part in block for part in _CARD_PARTS):
        report.add("card", at, f"must have one of {', '.join(_CARD_PARTS)}")
    for part in ("title", "subtitle", "body"):
        if part in block:
            check_text(report, block[part], f"{at}/{part}", bounds=f"card.{part}")
    for part in ("hero_image", "icon"):
        image = report.mapping(block[part], f"{at}/{part}") if part in block else None
        if image is not None:
            check_image(report, image, f"{at}/{part}")
    if "actions" in block:
        actions = report.array(block["actions"], f"{at}/actions")
        for index, action in enumerate(actions or ()):
            check_element(report, action, f"{at}/actions/{index}", place="card")
        if actions is not None:
            report.count("card.actions", len(actions), f"{at}/actions")


def check_carousel(report: Report, block: Json, at: str) -> None:
    cards = report.array(block.get("elements"), f"{at}/elements")
    if cards is None:
        return
    report.count("carousel.elements", len(cards), f"{at}/elements")
    for index, value in enumerate(cards):
        where = f"{at}/elements/{index}"
        card = report.mapping(value, where)
        if card is not None and card.get("type") != "card":
            report.add("carousel", f"{where}/type", "must be a card")
        elif card is not None:
            check_card(report, card, where)


def check_container_head(report: Report, block: Json, at: str) -> None:
    """Title and subtitle; the child blocks are walked with the other blocks."""
    if "title" not in block and "rich_text_title" not in block:
        report.missing("container", at, "title")
    if "title" in block:
        check_text(report, block["title"], f"{at}/title", bounds="container.title", plain=True)
    if "subtitle" in block:
        check_text(report, block["subtitle"], f"{at}/subtitle", bounds="container.title")


def check_task_card(report: Report, block: Json, at: str) -> None:
    for field in ("task_id", "title"):
        if not isinstance(block.get(field), str) or not block[field]:
            report.missing("task", at, field)
    if "status" in block:
        report.one_of("task", block["status"], _STATUSES, f"{at}/status")


def check_plan(report: Report, block: Json, at: str) -> None:
    if not isinstance(block.get("title"), str) or not block["title"]:
        report.missing("task", at, "title")
    tasks = report.array(block.get("tasks", []), f"{at}/tasks")
    for index, value in enumerate(tasks or ()):
        task = report.mapping(value, f"{at}/tasks/{index}")
        if task is not None:
            check_task_card(report, task, f"{at}/tasks/{index}")


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
