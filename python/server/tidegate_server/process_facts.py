"""What the kernel says about processes, and its words for people."""

import os
import signal

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cause_of(status: int) -> str:
    """Of a status that waitpid() gave: "exit code 7", "killed by signal 11 (SIGSEGV)"."""
    if not os.WIFSIGNALED(status):
        return "exit code %d" % os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "real-time signal"
    return "killed by signal %d (%s)" % (number, name)


def thread_count() -> int:
    """Of this process, also threads that Python does not know of; 0: it cannot be seen."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0


def rss_bytes(pid: int) -> int:
    """Memory that is there, shared pages too; 0: the process is gone."""
    try:
        with open("/proc/%d/statm" % pid) as file:
            return int(file.read().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0
