"""Find, move and delete DBOS's records of runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from dbos import DBOS, WorkflowStatus
from sqlalchemy import NullPool, column, create_engine, or_, select, table, update
from sqlalchemy.engine import make_url

from bot.aio.clock import MAX_CLOCK_SKEW_SECONDS

WORKFLOW_NAME = "run"
ACTIVE_STATUSES = ["PENDING", "ENQUEUED", "DELAYED"]
FINAL_STATUSES = ["SUCCESS", "ERROR", "CANCELLED"]
PURGE_BATCH = 500


async def list_run_ids(status: str | list[str], prefix: str) -> list[str]:
    """Return the IDs of the runs with this status whose ID starts with ``prefix``."""
    records = await DBOS.list_workflows_async(
        status=status,
        name=WORKFLOW_NAME,
        workflow_id_prefix=prefix or None,
        load_input=False,
        load_output=False,
    )
    return [record.workflow_id for record in records]


async def list_active_runs() -> list[WorkflowStatus]:
    """Return all runs that are waiting or executing."""
    return await DBOS.list_workflows_async(
        status=ACTIVE_STATUSES, name=WORKFLOW_NAME, load_input=False, load_output=False
    )


async def list_set_back_run_ids(now: float) -> list[str]:
    """Return the IDs of the delayed runs that were created in the future.

    The system clock has been set back since, and they would only be due once it has caught up.
    """
    created_after = datetime.fromtimestamp(now + MAX_CLOCK_SKEW_SECONDS, UTC)
    records = await DBOS.list_workflows_async(
        status="DELAYED",
        name=WORKFLOW_NAME,
        start_time=created_after.isoformat(),
        load_input=False,
        load_output=False,
    )
    return [record.workflow_id for record in records]


async def delete_finished_runs(before: float) -> int:
    """Delete the runs that finished before ``before`` (seconds since 1970); return how many."""
    deleted = 0
    while True:
        finished = await DBOS.list_workflows_async(
            status=FINAL_STATUSES,
            completed_before=datetime.fromtimestamp(before, UTC).isoformat(),
            limit=PURGE_BATCH,
            load_input=False,
            load_output=False,
        )
        await DBOS.delete_workflows_async([record.workflow_id for record in finished])
        deleted += len(finished)
        if len(finished) < PURGE_BATCH:
            return deleted


def move_runs(url: str, queue: str, partition_of: Callable[[str], str]) -> None:
    """Move active runs that are in another queue, or in no partition, into those of ``queue``.

    DBOS itself never changes the partition of a run.
    """
    address = make_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    runs = table(
        "workflow_status",
        *map(column, ("workflow_uuid", "name", "status", "queue_name", "queue_partition_key")),
        schema=None if is_sqlite else "dbos",
    )
    is_elsewhere = (
        (runs.c.name == WORKFLOW_NAME)
        & runs.c.status.in_(ACTIVE_STATUSES)
        & or_(runs.c.queue_name != queue, runs.c.queue_partition_key.is_(None))
    )
    driver = address if is_sqlite else address.set(drivername="postgresql+psycopg")
    with create_engine(driver, poolclass=NullPool).begin() as connection:
        found = select(runs.c.workflow_uuid).where(is_elsewhere).order_by(runs.c.workflow_uuid)
        for run_id in connection.scalars(found).all():
            move = update(runs).where(runs.c.workflow_uuid == run_id, is_elsewhere)
            connection.execute(
                move.values(queue_name=queue, queue_partition_key=partition_of(run_id))
            )
