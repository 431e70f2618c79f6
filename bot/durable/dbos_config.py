"""The settings of DBOS, and its log lines in our log."""

from __future__ import annotations

import logging

from dbos import DBOSConfig, DBOSPortableJSONSerializer

APPLICATION_NAME = "chakra-bot"
APPLICATION_VERSION = "1"
"""Pinned: by default DBOS hashes the source, so every deploy would strand pending runs."""
CONNECTIONS = 5
MAX_THREADS = 8


def build_dbos_config(url: str, executor: str) -> DBOSConfig:
    """Return the settings of an engine on the database ``url``, as the replica ``executor``."""
    return {
        "name": APPLICATION_NAME,
        "system_database_url": url,
        "run_migrations": False,  # it would block the loop; see Engine._make_tables
        "sys_db_pool_size": CONNECTIONS,
        "max_executor_threads": MAX_THREADS,
        "application_version": APPLICATION_VERSION,
        "executor_id": executor,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
        "use_listen_notify": False,
        # A stop waits for this poll: 1.0 s by default; 0.05 s costs next to nothing.
        "notification_listener_polling_interval_sec": 0.05,
    }


def route_logging() -> None:
    """Send DBOS's log lines through the one pipeline of ``bot.logs``."""
    logger = logging.getLogger("dbos")
    logger.handlers.clear()
    logger.propagate = True
