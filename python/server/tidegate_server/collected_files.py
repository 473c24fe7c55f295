"""Files of collected rows: appended to at once, by any number of processes.

A row is in the file (in the system's page cache) before collect() returns, so that neither a drain nor
a kill loses it. A file that cannot be written (disk full, folder gone) leaves its rows in memory, up to
BYTES_MAX, tried again with later rows and once more at exit; what must be given up is counted in the
log.

    file  := [header CRLF] row*       one header per file; other columns of the same day: <name>-2.csv
"""

import atexit
import errno
import fcntl
import os
import threading
import time
from typing import Dict, List

from .logs import logger

BYTES_MAX = 8 << 20
RETRY_S = 1.0
LOCK_WAIT_S = 1.0
COMPLAIN_S = 10.0
SIBLINGS_MAX = 100


class Rows:
    def __init__(self, header: bytes, data: bytes, count: int) -> None:
        self.header = header
        self.data = data
        self.count = count


class CollectedFiles:
    """Any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._forget()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """In a child: what waits is the parent's to write."""
        self._lock = threading.RLock()
        self._waiting = {}  # type: Dict[str, List[Rows]]
        self._bytes = 0
        self._lost = 0
        self._retry_at = 0.0
        self._complain_at = 0.0

    def append(self, path: str, rows: Rows) -> None:
        with self._lock:
            self._waiting.setdefault(path, []).append(rows)
            self._bytes += len(rows.data)
            if time.monotonic() >= self._retry_at:
                self._write_waiting()
            if self._bytes > BYTES_MAX:
                self._give_up(path)

    def close(self) -> None:
        """The last try."""
        with self._lock:
            self._write_waiting()
            left = sum(rows.count for waiting in self._waiting.values() for rows in waiting)
            if left or self._lost:
                logger.error("model data: %d rows are lost", left + self._lost)

    def _write_waiting(self) -> None:
        failed = bool(self._retry_at)
        self._retry_at = 0.0
        for path, waiting in list(self._waiting.items()):
            try:
                while waiting:
                    append_to_file(path, waiting[0])
                    self._bytes -= len(waiting.pop(0).data)
                del self._waiting[path]
            except OSError as error:
                if error.errno is None:
                    raise  # the time limit of the request, not the file
                self._retry_at = time.monotonic() + RETRY_S
                self._complain(path, error)
        if failed and not self._waiting:
            logger.info("model data: files are written again; %d rows were lost", self._lost)
            self._complain_at = 0.0

    def _give_up(self, path: str) -> None:
        """The newest rows, so that what is written later has no gap before its end."""
        lost = self._waiting[path].pop()
        if not self._waiting[path]:
            del self._waiting[path]
        self._bytes -= len(lost.data)
        self._lost += lost.count
        if self._lost == lost.count:
            logger.error("model data: more than %d MB wait to be written: rows are lost from now on", BYTES_MAX >> 20)

    def _complain(self, path: str, error: OSError) -> None:
        now = time.monotonic()
        if now < self._complain_at:
            return
        self._complain_at = now + COMPLAIN_S
        waiting = sum(rows.count for rows in self._waiting[path])
        logger.error("model data: cannot write %s: %s; %d rows wait in memory and are tried again, %d are lost",
                     path, error.strerror, waiting, self._lost)


def append_to_file(path: str, rows: Rows) -> None:
    """All rows or, with OSError, none."""
    stem, extension = os.path.splitext(path)
    for number in range(1, SIBLINGS_MAX + 1):
        name = path if number == 1 else "%s-%d%s" % (stem, number, extension)
        if _append(name, rows):
            return
    raise OSError(errno.EEXIST, "%d files with other columns" % SIBLINGS_MAX)


def _append(path: str, rows: Rows) -> bool:
    """False: the file has another header."""
    fd = _open(path)
    try:
        _take_lock(fd)  # closing gives it back
        size = os.fstat(fd).st_size
        data = rows.data
        if size == 0:
            data = rows.header + data
        elif rows.header and os.pread(fd, len(rows.header), 0) != rows.header:
            return False
        _write_whole(fd, data, size)
        return True
    finally:
        os.close(fd)


def _open(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.open(path, flags, 0o666)


def _take_lock(fd: int) -> None:
    """Bounded: a stopped process that holds it must not stop scoring."""
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
        except OSError as error:
            if error.errno in (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK):
                return  # a file system without locks: O_APPEND has to do
            raise
        time.sleep(0.002)


def _write_whole(fd: int, data: bytes, size: int) -> None:
    written = 0
    try:
        while written < len(data):
            count = os.write(fd, data[written:])
            if count == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written += count
    except BaseException:
        if written:
            os.ftruncate(fd, size)  # no half row stays
        raise
