"""Several worker processes behind the service's sockets: the master, which loads no user code.

Its main thread waits for what happens (signals, ends of processes, messages, events of the balancer), asks
worker_plan.py what to do, and does it. Requests are spread by _core.Balancer on a thread of its own.
"""

import collections
import json
import os
import random
import select
import shutil
import signal
import tempfile
import time
from typing import Any, Deque, Dict, List, Optional, Set, Tuple

from . import _core, logs, messages, process_facts, startup, template, worker_plan
from .logs import logger
from .settings import Settings
from .starter import Starter
from .worker_process import WorkerProcess

MEMORY_LOOK_S = 1.0
POLL_S = 0.5  # while something has a deadline
EARLY_ENDS_MAX = 100


def run(settings: Settings) -> int:
    """Until SIGTERM or SIGINT; returns the exit code. Raises StartFailed. Ends by SystemExit in workers."""
    _core.adopt_orphans()
    imported = template.start(settings)  # before there is a second thread
    logs.install(settings.log_level, lambda: "")
    folder = tempfile.mkdtemp(prefix="tidegate-", dir=settings.body_folder)  # 0700: who is in it is ours
    try:
        return Master(settings, imported, folder).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Master:
    def __init__(self, settings: Settings, imported: template.Template, folder: str) -> None:
        self._settings = settings
        self._balancer = make_balancer(settings)
        self._starter = Starter(settings, imported, folder)
        self._workers = {}  # type: Dict[int, WorkerProcess]
        # When, pid and status of processes that have not said yet that they are workers.
        self._early_ends = collections.deque(maxlen=EARLY_ENDS_MAX)  # type: Deque[Tuple[float, int, int]]
        self._last_number = 0
        self._failures = 0  # starts in a row
        self._start_from = 0.0
        self._was_ready = False
        self._failed = None  # type: Optional[WorkerProcess]  # the start failed with it
        self._stopping = False
        self._drained = False
        self._look_at_memory_at = 0.0
        self._wake_read, self._wake_write = os.pipe()

    def run(self) -> int:
        self._take_signals()
        for address in start_balancer(self._balancer, self._settings):
            logger.info("Listening on %s", address)
        try:
            while not self._failed:
                self._act()
                if self._stopping and not self._workers:
                    break
                readable = self._wait()
                self._starter.read_template(readable)
                self._read_workers(readable)
                self._reap()
                self._read_events()
                self._look_at_memory()
        finally:
            self._end_all()
        if self._failed:
            self._report_failed_start(self._failed)
            return startup.EXIT_CODE
        logger.info("All workers have ended")
        return 0

    # --- waiting ----------------------------------------------------------------------------------

    def _take_signals(self) -> None:
        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def _stop(self, number: int, frame: Any) -> None:
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second one ends the process
        self._stopping = True
        self._balancer.stop_admitting()

    def _wait(self) -> Set[int]:
        """What can be read."""
        poll = select.poll()
        controls = [worker.control.fileno() for worker in self._workers.values() if worker.control]
        for fd in [self._wake_read, self._balancer.fileno(), *self._starter.fds(), *controls]:
            poll.register(fd, select.POLLIN)
        readable = {fd for fd, _ in poll.poll(self._timeout_ms())}
        if self._wake_read in readable:
            os.read(self._wake_read, 4096)
        return readable

    def _timeout_ms(self) -> Optional[int]:
        passing = (worker_plan.ENDING, worker_plan.ABORTED)
        if self._start_from > time.monotonic() or any(w.phase in passing for w in self._workers.values()):
            return int(POLL_S * 1000)
        if self._settings.worker_memory_mb or self._starter.is_importing():
            return int(MEMORY_LOOK_S * 1000)
        return None

    # --- what is seen -----------------------------------------------------------------------------

    def _read_workers(self, readable: Set[int]) -> None:
        for worker in list(self._workers.values()):
            if worker.control and worker.control.fileno() in readable:
                self._read_worker(worker, messages.receive(worker.control))

    def _read_worker(self, worker: WorkerProcess, message: Optional[messages.Message]) -> None:
        if message is None:
            worker.close_control()
            if not worker.pid:
                self._start_again(worker)
            return
        fields = message.fields
        if fields["is"] == "started":
            worker.pid = fields["pid"]
            if worker.phase != worker_plan.STARTING:
                worker.signal(signal.SIGKILL)  # it was to end before it could be told
            for at, pid, status in self._early_ends:
                if pid == worker.pid and at >= worker.began:
                    self._ended_with(worker, status)
        elif fields["is"] == "init":
            worker.stage = "init"
            worker.init_at = time.monotonic()
        elif fields["is"] == "ready":
            self._ready(worker, fields["slots"])

    def _start_again(self, worker: WorkerProcess) -> None:
        if worker.phase != worker_plan.STARTING or not self._starter.start_again(worker):
            self._ended(worker, "it ended before it had begun")

    def _ready(self, worker: WorkerProcess, slots: int) -> None:
        now = time.monotonic()
        logger.info("Worker %d (pid %d) %s in %d ms; init() took %d ms", worker.number, worker.pid, worker.way,
                    (worker.init_at - worker.began) * 1000, (now - worker.init_at) * 1000)
        worker.rss_at_ready = process_facts.rss_bytes(worker.pid)
        self._was_ready = True
        if worker.phase != worker_plan.STARTING:
            return  # it is to end
        worker.set_phase(worker_plan.READY)
        self._balancer.add(
            worker.number, worker.pid, worker.address, slots=slots,
            requests_max=worker_plan.requests_max(self._settings.worker_max_requests, random.random()))
        self._starter.begin_imports()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            worker = next((w for w in self._workers.values() if w.pid == pid), None)
            if worker:
                self._ended_with(worker, status)
            elif self._starter.is_template(pid):
                self._starter.template_ended(process_facts.cause_of(status))
            else:  # or the orphan of a worker
                self._early_ends.append((time.monotonic(), pid, status))

    def _ended_with(self, worker: WorkerProcess, status: int) -> None:
        asked_ends = (0, signal.SIGTERM)  # the second: in init(), which has no other way
        was_asked = worker.phase == worker_plan.ENDING and status in asked_ends
        cause = worker.why_killed or process_facts.cause_of(status)
        self._ended(worker, cause, was_asked)

    def _ended(self, worker: WorkerProcess, cause: str, was_asked: bool = False) -> None:
        del self._workers[worker.number]
        worker.close_control()
        self._balancer.ended(worker.number, cause)
        if was_asked:
            logger.info("Worker %d (pid %d) has ended", worker.number, worker.pid)
        else:
            logger.error("Worker %d (pid %d) ended: %s", worker.number, worker.pid, cause)
        now = time.monotonic()
        if worker_plan.started_badly(worker.phase, now - worker.since):
            self._failures += 1
            self._start_from = now + worker_plan.start_delay_s(self._failures)
            worker.cause = cause
            if not self._was_ready and not self._stopping:
                self._failed = worker
        elif worker.phase == worker_plan.READY:
            self._failures = 0
        self._starter.forget(worker)

    def _read_events(self) -> None:
        for kind, number in self._balancer.events():
            worker = self._workers.get(number)
            if kind == "drained":
                self._drained = True
            elif worker is None:
                continue
            elif kind == "due":
                self._recycle(worker, "it has served as many requests as TIDEGATE_WORKER_MAX_REQUESTS allows")
            elif kind == "idle":
                worker.idle = True
            elif kind == "stuck":
                worker.stuck = True

    def _look_at_memory(self) -> None:
        limit = self._settings.worker_memory_mb
        now = time.monotonic()
        if not limit or now < self._look_at_memory_at:
            return
        self._look_at_memory_at = now + MEMORY_LOOK_S
        for worker in self._workers.values():
            if worker.phase != worker_plan.READY or worker.recycle:
                continue
            rss = process_facts.rss_bytes(worker.pid)
            verdict = worker_plan.memory_verdict(rss, worker.rss_at_ready, limit)
            if verdict == "recycle":
                self._recycle(worker, "it has %d MB, and TIDEGATE_WORKER_MEMORY_MB is %d" % (rss >> 20, limit))
            elif verdict == "hopeless" and not worker.warned:
                worker.warned = True
                logger.warning(
                    "Worker %d (pid %d) had %d MB when init() returned, and TIDEGATE_WORKER_MEMORY_MB is %d: a new one "
                    "would be no smaller, so it stays. Raise the limit", worker.number, worker.pid,
                    worker.rss_at_ready >> 20, limit)

    def _recycle(self, worker: WorkerProcess, why: str) -> None:
        if not worker.recycle:
            worker.recycle = True
            logger.info("Worker %d (pid %d) is replaced: %s", worker.number, worker.pid, why)

    # --- what is done -----------------------------------------------------------------------------

    def _act(self) -> None:
        seen = [worker.seen() for worker in self._workers.values()]
        need = worker_plan.Need(self._settings.worker_count, self._start_from, self._stopping, self._drained)
        for action in worker_plan.plan(seen, need, time.monotonic()):
            if action.verb == worker_plan.START:
                self._start()
            else:
                self._do(action.verb, self._workers[action.number])

    def _start(self) -> None:
        self._last_number += 1
        worker = WorkerProcess(self._last_number, os.path.join(self._starter.folder, str(self._last_number)))
        self._workers[worker.number] = worker
        self._starter.start(worker)

    def _do(self, verb: str, worker: WorkerProcess) -> None:
        if verb == worker_plan.RETIRE:
            worker.set_phase(worker_plan.RETIRING)
            self._balancer.retire(worker.number)
        elif verb == worker_plan.END and self._starter.is_waiting(worker):
            del self._workers[worker.number]
            self._starter.forget(worker)
        elif verb == worker_plan.END:
            worker.set_phase(worker_plan.ENDING)
            worker.signal(signal.SIGTERM)
        elif verb == worker_plan.ABORT:
            worker.set_phase(worker_plan.ABORTED)
            worker.why_killed = (
                "a request took longer than WORKER_TIMEOUT allows (%d s), and the worker was killed"
                % self._settings.worker_timeout_s)
            worker.signal(signal.SIGABRT)  # the traceback is on standard error then
        elif verb == worker_plan.KILL:
            worker.set_phase(worker_plan.KILLED)
            worker.why_killed = worker.why_killed or "it did not end in time and was killed"
            worker.signal(signal.SIGKILL)

    def _end_all(self) -> None:
        """Nothing of ours stays, whatever happened."""
        for worker in self._workers.values():
            worker.signal(signal.SIGKILL)
        self._starter.end_template()
        self._balancer.stop()

    def _report_failed_start(self, worker: WorkerProcess) -> None:
        """What the worker has left behind, or else how it ended."""
        message = "the worker process ended before it was ready: %s" % worker.cause
        fields = {"stage": worker.stage, "message": message, "traceback": ""}
        try:
            with open(worker.error_file, encoding="utf-8") as file:
                fields = json.load(file)
        except (OSError, ValueError):
            logger.error("The start failed: %s", message)
        path = self._settings.startup_error_file
        if path:
            startup.write_error_file(path, fields["stage"], fields["message"], fields["traceback"])


def make_balancer(settings: Settings) -> Any:
    try:
        return _core.Balancer(
            settings.listen,
            concurrent_max=settings.concurrent_max,
            body_max_bytes=settings.body_max_bytes,
            body_folder=settings.body_folder,
            version=settings.version_header,
            log_fd=logs.STDOUT_FD,
            replica_secret=settings.replica_secret,
            worker_timeout_ms=settings.worker_timeout_s * 1000,
            cors_origins=settings.cors_origins,
        )
    except ValueError as error:
        raise startup.StartFailed("start", error) from None


def start_balancer(balancer: Any, settings: Settings) -> List[str]:
    try:
        return balancer.start()
    except OSError as error:
        raise startup.StartFailed("start", startup.cannot_listen(error, settings.has_router)) from None
