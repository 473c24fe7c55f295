"""Which threads run requests: the main thread alone, or several beside it."""

import sys
import threading
from typing import Any, Callable, Mapping

from . import call, logs


# For a script that only says that it is concurrent.
THREADS_MAX_DEFAULT = 100


def thread_count(environ: Mapping[str, str], run: Callable[..., Any], concurrent_max: int) -> int:
    """TIDEGATE_THREADS; else, if the module of run() says `tidegate_concurrent = True`, one for each request that is
    let in; else 1: the main thread. More than are let in would be of no use. ValueError."""
    text = environ.get("TIDEGATE_THREADS", "")
    if text:
        if not (text.isascii() and text.isdigit() and int(text) >= 1):
            raise ValueError("TIDEGATE_THREADS must be a whole number from 1 up, not %r" % text)
        return min(int(text), concurrent_max)
    module = sys.modules.get(getattr(run, "__module__", ""))
    if getattr(module, "tidegate_concurrent", False) is True:
        return min(concurrent_max, THREADS_MAX_DEFAULT)
    return 1


def serve(server: Any, handler: Callable[..., Any], count: int) -> None:
    """Until SIGTERM, and until those that were let in have been answered."""
    if count == 1:
        server.serve(handler)
        return
    logs.logger.info("Requests run in %d threads", count)
    workers = [
        threading.Thread(
            target=server.work, args=(handler, call.ScoringTimeout), name="tidegate-run-%d" % number, daemon=True)
        for number in range(1, count + 1)
    ]
    for worker in workers:
        worker.start()
    server.serve(None)
    for worker in workers:
        worker.join()
