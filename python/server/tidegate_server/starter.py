"""The ways to start a worker: forked from the template where that can be, else as a fresh interpreter."""

import os
import signal
import time
from typing import Any, Dict, List, Optional, Set

from . import messages, template, worker
from .logs import logger
from .settings import Settings
from .worker_process import WorkerProcess

IMPORT_MAX_S = 120.0  # then workers are spawned


class Starter:
    """The first worker is forked before the template has imported anything, and imports for itself meanwhile: so no
    start takes longer than without a template. `folder` holds the sockets."""

    def __init__(self, settings: Settings, imported: template.Template, folder: str) -> None:
        self.folder = folder
        self._settings = settings
        self._template = imported  # type: Optional[template.Template]
        self._why_none = ""  # there is no template
        self._began_imports = False
        self._import_until = 0.0  # 0: it is not importing
        self._started_any = False
        self._waiting = []  # type: List[WorkerProcess]  # for the end of the imports

    def start(self, process: WorkerProcess) -> None:
        """What becomes of it is heard over process.control."""
        if self._import_until:
            self._waiting.append(process)
            return
        self._start_now(process)
        if not self._started_any and self._settings.worker_count > 1:
            self.begin_imports()
        self._started_any = True

    def begin_imports(self) -> None:
        """Once. With one worker: when it is ready, because nothing is to be forked earlier."""
        if self._began_imports or self._template is None:
            return
        self._began_imports = True
        self._import_until = time.monotonic() + IMPORT_MAX_S
        self._order({"do": "import"})

    def start_again(self, process: WorkerProcess) -> bool:
        """One that never was: the template refused to fork it, or ended. False: nothing else can be tried."""
        if not process.is_forked:
            return False
        self._why_none = self._why_none or "the template did not fork it"
        self._spawn(process)
        return True

    def is_waiting(self, process: WorkerProcess) -> bool:
        return process in self._waiting

    def forget(self, process: WorkerProcess) -> None:
        if process in self._waiting:
            self._waiting.remove(process)
        for path in (process.path, process.error_file):
            if os.path.exists(path) and not process.cause:
                os.remove(path)

    # --- the template -----------------------------------------------------------------------------

    def fds(self) -> List[int]:
        return [self._template.channel.fileno()] if self._template else []

    def is_importing(self) -> bool:
        return bool(self._import_until)

    def is_template(self, pid: int) -> bool:
        return self._template is not None and self._template.pid == pid

    def template_ended(self, cause: str) -> None:
        """waitpid() has said so."""
        assert self._template
        self._template.channel.close()
        self._template = None
        self._do_without("the template ended: %s" % cause)

    def read_template(self, readable: Set[int]) -> None:
        """Also to be called when there is nothing to read, for the time limit."""
        if self._template and self._template.channel.fileno() in readable:
            message = messages.receive(self._template.channel)
            if message is not None:  # else it has ended, which waitpid() will say
                self._read(message.fields)
        if self._import_until and time.monotonic() > self._import_until:
            self.end_template()
            self._do_without("the imports took longer than %d s" % IMPORT_MAX_S)

    def end_template(self) -> None:
        if self._template is None:
            return
        os.kill(self._template.pid, signal.SIGKILL)
        self._template.channel.close()
        self._template = None

    def _read(self, fields: Dict[str, Any]) -> None:
        assert self._template
        self._import_until = 0.0
        for failure in fields.get("failed", ()):
            logger.info("The template has not imported %s", failure)
        if fields["threads"] != 1:
            after = " (%s)" % ", ".join(fields["after"]) if fields.get("after") else ""
            self.end_template()
            self._do_without("the imports left %d threads%s" % (fields["threads"], after))
            return
        logger.info("The template (pid %d) has imported the environment in %d ms",
                    self._template.pid, fields["seconds"] * 1000)
        self._start_waiting()

    def _do_without(self, why: str) -> None:
        self._why_none = why
        self._import_until = 0.0
        logger.info("Workers are spawned, because %s", why)
        self._start_waiting()

    # --- starting ---------------------------------------------------------------------------------

    def _start_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for process in waiting:
            self._start_now(process)

    def _start_now(self, process: WorkerProcess) -> None:
        process.began = time.monotonic()
        if self._template:
            self._fork(process)
        else:
            self._spawn(process)

    def _fork(self, process: WorkerProcess) -> None:
        control, theirs = messages.channel()
        process.close_control()
        process.control = control
        process.way = "started from the template" if self._began_imports else "started by a fork before any import"
        process.is_forked = True
        self._order(dict(self._worker_order(process), do="fork"), theirs.fileno())
        theirs.close()

    def _order(self, fields: Dict[str, Any], fd: int = -1) -> None:
        assert self._template
        try:
            messages.send(self._template.channel, fields, fd)
        except OSError:
            pass  # it has ended, which waitpid() will say; who was to be forked sees its channel close

    def _spawn(self, process: WorkerProcess) -> None:
        control, theirs = messages.channel()
        process.close_control()
        process.control = control
        process.way = "spawned, because %s," % self._why_none
        process.is_forked = False
        theirs.set_inheritable(True)
        argv = worker.command(theirs.fileno())
        try:
            process.pid = os.posix_spawn(argv[0], argv, os.environ)
            messages.send(control, dict(self._worker_order(process), master=os.getpid(),
                                        settings=self._settings._asdict()))
        except OSError as error:
            # Who reads `control` finds its end.
            logger.error("Worker %d cannot be started as %s: %s", process.number, argv[0], error)
        finally:
            theirs.close()

    def _worker_order(self, process: WorkerProcess) -> Dict[str, Any]:
        share = -(-self._settings.concurrent_max // self._settings.worker_count)
        return {"number": process.number, "address": process.address, "error_file": process.error_file,
                "concurrent_max": share}
