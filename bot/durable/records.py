"""Find and delete DBOS's records of runs."""

from __future__ import annotations

from datetime import UTC, datetime

from dbos import DBOS

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


async def list_set_back_run_ids(now: float) -> list[str]:
    """Return the IDs of the delayed runs that were created in the future.

    The system clock was set back since, and they would be due only when it has caught up.
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
