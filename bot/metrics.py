"""Prometheus metrics: counters and timings in a registry of their own, with bounded labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Protocol

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.errors import BotError

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

OK = "ok"
FAILED = "failed"  # our own bug
OTHER = "other"  # everything without a series of its own

# Seconds. Slack waits 3 for an ack; a cached answer takes about a millisecond.
ACK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
# Seconds. Chakra names no limit; the client gives up within a minute.
UPSTREAM_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

# More than all commands, endpoints and kinds together.
MAX_SERIES = 500


class CacheSize(Protocol):
    """The size of the cache at this moment."""

    @property
    def items(self) -> int: ...

    @property
    def bytes(self) -> int: ...


class Metrics:
    """The metrics of one process.

    Label values come from the code, never from what a person typed; unknown ones, and any past
    `MAX_SERIES`, count as `other`. ``commands`` are the names of the sub-commands that get series
    of their own, which start at 0.
    """

    def __init__(self, commands: Iterable[str] = ()) -> None:
        self.registry = CollectorRegistry()
        self._series: list[str] = []
        self._command_names = frozenset(commands)
        self._outcomes = list_outcomes()
        self._commands = self._add_counter("commands", "Commands answered", "command", "outcome")
        self._acks = self._add_histogram("ack", "Time from Slack's request to its ack", ACK_BUCKETS)
        self._requests = self._add_counter(
            "upstream_requests", "Requests to Chakra", "endpoint", "status"
        )
        self._upstream = _BoundedHistogram(
            self._add_histogram(
                "upstream", "Time that Chakra took to answer", UPSTREAM_BUCKETS, "endpoint"
            )
        )
        self._cache_requests = self._add_counter(
            "cache_requests", "Reads of the cache", "kind", "result"
        )
        self._sends = self._add_counter("sends", "Messages sent, by their first outcome", "outcome")
        self._events = self._add_counter("events", "Webhook events processed", "kind")
        self._notifications = self._add_counter(
            "notifications", "Messages posted by the bot itself, by outcome", "outcome"
        )
        for name in self._command_names:
            self._commands.add(name, OK, count=0)

    def _add_counter(self, name: str, description: str, *labels: str) -> _Counter:
        self._register(f"chakra_bot_{name}_total", labels)
        counter = _Counter(f"chakra_bot_{name}", f"{description}.", labels)
        self.registry.register(counter)
        return counter

    def _add_histogram(
        self, name: str, description: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        name, description = f"chakra_bot_{name}_seconds", f"{description}, in seconds."
        self._register(name, labels)
        return Histogram(name, description, labels, buckets=buckets, registry=self.registry)

    def _register(self, name: str, labels: tuple[str, ...] = ()) -> None:
        self._series.append(f"{name}{{{','.join(labels)}}}" if labels else name)

    def list_series(self) -> tuple[str, ...]:
        """Return the name of every metric with its labels: ``chakra_bot_x_total{kind,result}``."""
        return tuple(self._series)

    def record_command(self, name: str, outcome: str) -> None:
        """``outcome`` is ``ok``, ``failed`` or the kind of an error."""
        known = not self._command_names or name in self._command_names
        expected = outcome in self._outcomes
        self._commands.add(name if known else OTHER, outcome if expected else OTHER)

    def record_ack(self, seconds: float) -> None:
        self._acks.observe(seconds)

    def record_upstream(self, endpoint: str, status: str, seconds: float) -> None:
        """``endpoint`` is a path template, ``status`` an HTTP status or one word for none."""
        self._requests.add(endpoint, status)
        self._upstream.observe(endpoint, seconds)

    def record_cache_lookup(self, kind: str, result: str) -> None:
        self._cache_requests.add(kind, result)

    def record_send(self, outcome: str) -> None:
        """Count a send; ``outcome`` is accepted, failed or unknown."""
        self._sends.add(outcome)

    def record_event(self, kind: str) -> None:
        """Count an event; ``kind`` is a word of our own, such as status, message or template."""
        self._events.add(kind)

    def record_notification(self, outcome: str) -> None:
        """Count a post; ``outcome`` is one of ``bot.outbox.delivery.OUTCOMES``."""
        self._notifications.add(outcome)

    def track_cache(self, stats: Callable[[], CacheSize]) -> None:
        """Call ``stats`` at every scrape. Call this once."""
        gauges = (
            ("chakra_bot_cache_items", "Answers in the cache.", lambda: stats().items),
            ("chakra_bot_cache_bytes", "Memory the cached answers take.", lambda: stats().bytes),
        )
        for name, what, value in gauges:
            self._register(name)
            Gauge(name, what, registry=self.registry).set_function(value)

    def track_socket(self, is_lost: Callable[[], bool]) -> None:
        """Call ``is_lost`` at every scrape. Call this once, in Socket Mode."""
        name = "chakra_bot_socket_connected"
        self._register(name)
        Gauge(name, "1 while Slack's socket is open.", registry=self.registry).set_function(
            lambda: 0 if is_lost() else 1
        )

    def track_active_watches(self, count: Callable[[], int]) -> None:
        """Call ``count`` at every scrape. Call this once."""
        self._register("chakra_bot_active_watches")
        Gauge("chakra_bot_active_watches", "Active watches.", registry=self.registry).set_function(
            count
        )

    def render(self) -> bytes:
        """Return Prometheus's text format, whose content type is `CONTENT_TYPE`."""
        return generate_latest(_WithoutCreatedSamples(self.registry))


@cache
def list_outcomes() -> frozenset[str]:
    """Return every outcome that a command may have: the kinds of all errors, and three others."""
    kinds = {OK, FAILED, OTHER}
    waiting: list[type[BotError]] = [BotError]
    while waiting:
        error = waiting.pop()
        kinds.add(error.kind)
        waiting.extend(error.__subclasses__())
    return frozenset(kinds)


class _Counter(Collector):
    """Counts by label values, from one thread: a fraction of the time of the client's counters."""

    def __init__(self, name: str, description: str, labels: Sequence[str]) -> None:
        self._name, self._description, self._labels = name, description, labels
        self._counts: dict[tuple[str, ...], int] = {}

    def add(self, *values: str, count: int = 1) -> None:
        """Add to the series with these label values, or to `other` if there are too many."""
        if values not in self._counts and len(self._counts) >= MAX_SERIES:
            values = (OTHER,) * len(values)
        self._counts[values] = self._counts.get(values, 0) + count

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, self._description, labels=self._labels)
        for values, count in self._counts.items():
            family.add_metric(values, count)
        yield family


class _BoundedHistogram:
    """A histogram by one label, with at most `MAX_SERIES` values."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self._values: set[str] = set()

    def observe(self, value: str, seconds: float) -> None:
        if value not in self._values and len(self._values) >= MAX_SERIES:
            value = OTHER
        self._values.add(value)
        self._histogram.labels(value).observe(seconds)


class _WithoutCreatedSamples(Collector):
    """The registry without the client's ``_created`` times, which double the series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [
                sample for sample in metric.samples if not sample.name.endswith("_created")
            ]
            yield metric
