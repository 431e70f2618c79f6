"""The query language of the process list: which processes match a ``where``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any

from bot.sandbox.chakra.envelope import RequestError

ORDER_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
OPERATORS = frozenset({"=", "!=", *ORDER_OPERATORS})
ROOT_FIELDS = frozenset({"status", "state", "createdAt", "assignedTo"})
"""Fields of the process itself; every other name is an attribute."""


def matches(where: Any, process: Mapping[str, Any]) -> bool:
    """Return whether the process matches all fields; an array matches any of its values.

    Raise ``RequestError`` for an invalid query, even if an earlier field doesn't match.
    """
    if not isinstance(where, dict):
        raise RequestError(400, "where is not an object")
    found = [_match_field(name, wanted, process) for name, wanted in where.items()]
    return all(found)


def _match_field(name: str, wanted: Any, process: Mapping[str, Any]) -> bool:
    if name in ("or", "and"):
        if not isinstance(wanted, list):
            raise RequestError(400, f"{name} is not an array of queries")
        found = [matches(condition, process) for condition in wanted]
        return any(found) if name == "or" else all(found)
    values = _list_values(name, process)
    if isinstance(wanted, dict):
        found = [_compare(op, other, values, name) for op, other in wanted.items()]
        return all(found)
    return _equals(wanted, values, name)


def _compare(operator: str, wanted: Any, values: list[Any], name: str) -> bool:
    if operator not in OPERATORS:
        raise RequestError(400, f"{operator} is not an operator")
    if operator == "=":
        return _equals(wanted, values, name)
    if operator == "!=":
        return not _equals(wanted, values, name)
    other = _to_comparable(name, wanted)
    return any(_compare_or_false(ORDER_OPERATORS[operator], value, other) for value in values)


def _equals(wanted: Any, values: list[Any], name: str) -> bool:
    options = wanted if isinstance(wanted, list) else [wanted]
    return any(_to_comparable(name, option) == value for option in options for value in values)


def _compare_or_false(compare: Callable[[Any, Any], bool], value: Any, other: Any) -> bool:
    try:
        return compare(value, other)
    except TypeError:
        return False


def _list_values(name: str, process: Mapping[str, Any]) -> list[Any]:
    """Return the values of a field: an attribute may be on the process, its record, or both."""
    if name in ROOT_FIELDS:
        return [process[name]]
    places = (process["data"], process["record"]["data"])
    return [place[name] for place in places if name in place]


def _to_comparable(name: str, wanted: Any) -> Any:
    """Return the value to compare; ``createdAt`` is an ISO time, stored in milliseconds."""
    if name != "createdAt":
        return wanted
    try:
        moment = datetime.fromisoformat(wanted)
    except (TypeError, ValueError):
        raise RequestError(400, "createdAt is not an ISO timestamp") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
