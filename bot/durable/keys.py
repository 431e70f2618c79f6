"""The keys of chains, which name their workspace, and the IDs of their runs."""

from __future__ import annotations

from zlib import crc32


def build_full_key(workspace: str, key: str) -> str:
    """Return the engine's key of a workspace's chain: "T0ACME/12" for watch 12."""
    return f"{workspace}/{key}"


def parse_workspace(key: str) -> str:
    """Return the workspace of an engine's key."""
    return key.partition("/")[0]


def parse_own_key(key: str) -> str:
    """Return an engine's key without its workspace."""
    return key.partition("/")[2]


def run_prefix(kind: str, key: str) -> str:
    """Return the prefix of the IDs of a chain's runs; ``key`` is the engine's."""
    return f"{kind}:{key}:"


def run_id(kind: str, key: str, number: int) -> str:
    """Return the ID of a chain's run, such as "watch:T0ACME/12:3"."""
    return f"{run_prefix(kind, key)}{number}"


def parse_workspace_of_run(run_id: str) -> str:
    """Return the workspace of a run's ID."""
    return parse_workspace(run_id.partition(":")[2])


def parse_kind_of_run(run_id: str) -> str:
    """Return the kind of a run's ID."""
    return run_id.partition(":")[0]


def choose_partition_of_run(run_id: str, count: int) -> str:
    """Return the partition of a run's chain, such as "watch:T0ACME:2", one of ``count``."""
    chain = run_id.rpartition(":")[0]
    return f"{chain.partition('/')[0]}:{crc32(chain.encode()) % count}"
