"""The lock that gives a SQLite file to one process, whatever name the file is opened by."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import URL

from bot.errors import DatabaseLocked, DatabaseUnavailable

LOCKED_BYTE = 1 << 60
"""Beyond the largest database, and the bytes at 1 GiB that SQLite locks (sqlite.org/lockingv3)."""
_FLOCK_FORMAT = "@hhqqi4x"
"""struct flock of 64-bit Linux: type, whence, start, length, process."""


def resolve_file(address: URL) -> str:
    """Return the path of a SQLite file without links; the address may be a ``file:`` URI."""
    name = address.database or ""
    if name.startswith("file:") and address.query.get("uri"):
        name = unquote(urlsplit(name).path)
    return os.path.realpath(name)


@contextmanager
def hold_file_lock(file: str) -> Iterator[None]:
    """Hold the lock of the file ``file``; the system releases it however the process ends.

    It is a file beside the resolved one, and where the system can, a byte of the file itself: hard
    links and bind mounts are other paths to the same file. Raises ``DatabaseLocked``, or
    ``DatabaseUnavailable`` with a reason.
    """
    with ExitStack() as stack:
        beside = _open(f"{file}-lock", 0o600)
        stack.callback(os.close, beside)
        try:
            fcntl.flock(beside, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as locked:
            raise _build_locked_error(f"{file}-lock") from locked
        if hasattr(fcntl, "F_OFD_SETLK"):
            itself = _open(file, 0o644)
            stack.callback(os.close, itself)
            try:
                _lock_byte(itself)
            except (BlockingIOError, PermissionError) as locked:
                raise _build_locked_error(file) from locked
            except OSError:
                pass  # a file system without such locks: the lock file must suffice
        yield


def _open(path: str, mode: int) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    except OSError as refused:
        raise DatabaseUnavailable(f"{path}: {refused.strerror}") from refused


def _build_locked_error(path: str) -> DatabaseLocked:
    return DatabaseLocked(f"Another process holds {path}.")


def _lock_byte(descriptor: int) -> None:
    """Lock by open file: SQLite would release a lock of the process whenever it closes the file."""
    wanted = struct.pack(_FLOCK_FORMAT, fcntl.F_WRLCK, os.SEEK_SET, LOCKED_BYTE, 1, 0)
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
