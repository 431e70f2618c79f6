"""The keys of chains and the IDs of their runs."""

from __future__ import annotations

from collections import Counter

from bot.durable import keys


def test_partition_is_of_one_kind_and_workspace() -> None:
    assert keys.choose_partition_of_run(keys.run_id("watch", "T0ACME/12", 3), 1) == "watch:T0ACME:0"


def test_runs_of_a_chain_share_a_partition() -> None:
    runs = [keys.run_id("watch", "T0ACME/12", number) for number in range(100)]
    assert len({keys.choose_partition_of_run(run, 4) for run in runs}) == 1


def test_chains_spread_over_the_partitions() -> None:
    runs = [keys.run_id("watch", f"T0ACME/{number}", 0) for number in range(1_000)]
    used = Counter(keys.choose_partition_of_run(run, 4) for run in runs)
    assert len(used) == 4
    assert min(used.values()) > 200
