"""The one queue of DBOS, whose partitions each have their own slots.

DBOS polls each queue in a thread of its own, whether or not anything waits in it.
"""

from __future__ import annotations

from dbos import DBOSClient

from bot.durable.dbos_config import APPLICATION_NAME

QUEUE = "runs"
PARTITION_CONCURRENCY = 4
"""Runs of one partition that a process executes at the same time."""


def create_queue(url: str, poll_seconds: float) -> None:
    """Create the queue in DBOS's tables, or update it.

    Before the launch: DBOS starts to poll a queue that it finds later up to a second later.
    """
    client = DBOSClient(system_database_url=url, application_name=APPLICATION_NAME, lazy=True)
    try:
        client.register_queue(
            QUEUE,
            partition_worker_concurrency=PARTITION_CONCURRENCY,
            polling_interval_sec=poll_seconds,
        )
    finally:
        client.destroy()
