"""Metrics: the names that operators build on, and labels that cannot run away."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from bot.errors import NotFound, Unavailable
from bot.metrics import MAX_SERIES, Metrics, list_outcomes


@dataclass
class FakeCacheStats:
    items: int = 3
    bytes: int = 4096


def read_samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """``(name, label, label, …)`` -> value, as Prometheus itself would read them."""
    text = metrics.render().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_each_event_type_updates_its_series() -> None:
    metrics = Metrics(["user", "help"])
    metrics.record_command("user", "ok")
    metrics.record_command("user", NotFound.kind)
    metrics.record_ack(0.002)
    metrics.record_upstream("/v1/ext/user/{id}", "200", 0.3)
    metrics.record_upstream("/v1/ext/user/{id}", "timeout", 11.0)
    metrics.record_cache_lookup("user", "hit")
    got = read_samples(metrics)
    assert got["chakra_bot_commands_total", "user", "ok"] == 1
    assert got["chakra_bot_commands_total", "user", "not_found"] == 1
    assert got["chakra_bot_ack_seconds_bucket", "0.0025"] == 1
    assert got["chakra_bot_ack_seconds_bucket", "0.001"] == 0
    assert got["chakra_bot_ack_seconds_count",] == 1
    assert got["chakra_bot_upstream_requests_total", "/v1/ext/user/{id}", "200"] == 1
    assert got["chakra_bot_upstream_requests_total", "/v1/ext/user/{id}", "timeout"] == 1
    assert got["chakra_bot_upstream_seconds_count", "/v1/ext/user/{id}"] == 2
    assert got["chakra_bot_cache_requests_total", "user", "hit"] == 1


def test_the_slack_deadline_has_a_bucket_of_its_own() -> None:
    metrics = Metrics()
    metrics.record_ack(2.9)
    metrics.record_ack(3.1)
    got = read_samples(metrics)
    assert got["chakra_bot_ack_seconds_bucket", "3.0"] == 1
    assert got["chakra_bot_ack_seconds_bucket", "+Inf"] == 2


def test_cache_stats_are_read_at_each_scrape() -> None:
    figures = FakeCacheStats()
    metrics = Metrics()
    metrics.track_cache(lambda: figures)
    assert read_samples(metrics)["chakra_bot_cache_items",] == 3
    figures.bytes = 5
    assert read_samples(metrics)["chakra_bot_cache_bytes",] == 5


def test_known_commands_start_at_zero() -> None:
    assert read_samples(Metrics(["user"]))["chakra_bot_commands_total", "user", "ok"] == 0


def test_typed_text_never_becomes_a_label() -> None:
    metrics = Metrics(["user"])
    metrics.record_command("john@acme.com", "ok")
    metrics.record_command("user", "something new")
    got = read_samples(metrics)
    assert got["chakra_bot_commands_total", "other", "ok"] == 1
    assert got["chakra_bot_commands_total", "user", "other"] == 1
    assert b"john" not in metrics.render()


def test_series_count_is_bounded() -> None:
    metrics = Metrics()
    for number in range(MAX_SERIES + 50):
        metrics.record_cache_lookup(f"kind{number}", "hit")
    metrics.record_cache_lookup("kind0", "hit")
    reads = {key: value for key, value in read_samples(metrics).items() if "cache" in key[0]}
    assert len(reads) == MAX_SERIES + 1
    assert reads["chakra_bot_cache_requests_total", "other", "other"] == 50
    assert reads["chakra_bot_cache_requests_total", "kind0", "hit"] == 2


def test_every_known_error_is_an_outcome() -> None:
    assert {"ok", "failed", "other", NotFound.kind, Unavailable.kind} <= list_outcomes()


def test_two_instances_share_nothing() -> None:
    one, other = Metrics(["user"]), Metrics(["user"])
    one.record_command("user", "ok")
    assert read_samples(other)["chakra_bot_commands_total", "user", "ok"] == 0


def test_output_contains_no_created_timestamps() -> None:
    metrics = Metrics(["user"])
    metrics.record_ack(1)
    assert b"_created" not in metrics.render()
