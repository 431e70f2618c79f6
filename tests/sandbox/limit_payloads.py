"""Minimal valid Block Kit payloads, for examples to modify."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def text(value: str = "Text", kind: str = "plain_text") -> Json:
    return {"type": kind, "text": value}


def section(value: str = "Text", **more: Any) -> Json:
    return {"type": "section", "text": text(value, "mrkdwn"), **more}


def option(value: str = "one", **more: Any) -> Json:
    return {"text": text("One"), "value": value, **more}


def options(count: int) -> list[Json]:
    return [option(str(number)) for number in range(count)]


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "a", "options": options(1), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "action_id": "a", "text": text("Go"), **more}


def buttons(count: int) -> list[Json]:
    return [button(action_id=str(number)) for number in range(count)]


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def input_block(element: Json, **more: Any) -> Json:
    """Return an input block around an element."""
    block = {"type": "input", "block_id": "b", "label": text("Label")}
    return {**block, "element": {"action_id": "a", **element}, **more}


def pie_chart(segments: int = 1, **more: Any) -> Json:
    points = [{"label": str(n), "value": n + 1} for n in range(segments)]
    chart = {"type": "pie", "segments": points}
    return {"type": "data_visualization", "title": "Jobs", "chart": chart, **more}


def bar_chart(name: str = "done", labels: tuple[str, ...] = ("Mon",)) -> Json:
    series = [{"name": name, "data": [{"label": label, "value": 1} for label in labels]}]
    chart = {"type": "bar", "series": series, "axis_config": {"categories": ["Mon"]}}
    return {"type": "data_visualization", "title": "Jobs", "chart": chart}


def cells(rows: int, columns: int, cell: str = "x") -> list[list[Json]]:
    return [[{"type": "raw_text", "text": cell}] * columns for _ in range(rows)]


def data_table(rows: int = 2, columns: int = 1, cell: str = "x", **more: Any) -> Json:
    return {"type": "data_table", "caption": "Leads", "rows": cells(rows, columns, cell), **more}


def image(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A", **more}


def message(*blocks: Json, **more: Any) -> Json:
    return {"text": "Text", "blocks": list(blocks), **more}


def view(*blocks: Json, **more: Any) -> Json:
    frame = {"type": "modal", "callback_id": "c", "title": text("Title"), "submit": text("Send")}
    return {**frame, "blocks": list(blocks) or [section()], **more}


def home(*blocks: Json, **more: Any) -> Json:
    return {"type": "home", "blocks": list(blocks) or [section()], **more}


def confirm(**more: Any) -> Json:
    parts = {"title": "Sure?", "text": "Really", "confirm": "Yes", "deny": "No", **more}
    return {part: text(value) for part, value in parts.items()}
