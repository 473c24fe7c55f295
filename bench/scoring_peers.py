"""The servers that bench/scoring.py compares: how each is installed and started, with one worker."""

import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench/peers"
PACKAGES = Path(os.environ.get("TIDEGATE_SERVER_PACKAGES") or ROOT / "build/release/python")
ENVIRONMENTS = ROOT / "build/bench-envs"

sys.path.insert(0, str(ROOT / "test"))

from support import environments  # noqa: E402


@dataclass(frozen=True)
class Peer:
    name: str
    title: str
    package: str  # whose version is printed; "": ours
    argv: Callable  # (python, port, folder, script) -> command line; may write into folder
    environ: Callable = lambda port, script: {}

    def python(self):
        """Makes the environment if need be; RuntimeError if that cannot be done."""
        return environments.interpreter(PEERS / f"requirements/{self.name}.txt", ENVIRONMENTS)

    def version(self):
        code = f"from importlib.metadata import version; print(version({self.package!r}))"
        if not self.package:
            code = f"import sys; sys.path.insert(0, {str(PACKAGES)!r}); import tidegate_server as t; print(t.__version__)"
        return environments.run([self.python(), "-c", code]).strip()


def ours_environ(port, script):
    return {
        "PYTHONPATH": str(PACKAGES),
        "TIDEGATE_LISTEN": f"tcp:127.0.0.1:{port}",
        # No router in front that holds requests back: as many as there are connections wait here.
        "TIDEGATE_MAX_CONCURRENT": "16",
        **entry_script(port, script),
    }


def entry_script(port, script):
    return {"AML_APP_ROOT": str(PEERS), "AZUREML_ENTRY_SCRIPT": script}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_mlserver_files(folder, port):
    settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "metrics_port": free_port(),
                "parallel_workers": 0}  # all in one process: an endpoint of the model's own cannot be handed over
    model = {"name": "scorer", "implementation": "mlserver_model.Scorer"}
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))
    return [folder]


ALL = [
    Peer("ours", "ours", "", lambda python, port, folder, script: [python, "-m", "tidegate_server"], ours_environ),
    Peer("reference", "reference, gunicorn", "azureml-inference-server-http",
         lambda python, port, folder, script: [
             python, ROOT / "test/differential/launch_reference.py", "--port", port, "--entry_script", PEERS / script,
             "--worker_count", 1], entry_script),
    Peer("fastapi", "FastAPI, uvicorn", "fastapi",
         lambda python, port, folder, script: [
             python, "-m", "uvicorn", "fastapi_app:app", "--host", "127.0.0.1", "--port", port]),
    Peer("mlserver", "MLServer", "mlserver",
         lambda python, port, folder, script: [
             python, "-m", "mlserver.cli.main", "start", *write_mlserver_files(folder, port)]),
    Peer("litserve", "LitServe", "litserve",
         lambda python, port, folder, script: [python, PEERS / "litserve_server.py", port]),
    Peer("bentoml", "BentoML", "bentoml",
         lambda python, port, folder, script: [
             python, "-m", "bentoml", "serve", "bentoml_service:Scorer", "--host", "127.0.0.1", "--port", port,
             "--working-dir", PEERS]),
    Peer("ray_serve", "Ray Serve", "ray",
         lambda python, port, folder, script: [python, PEERS / "ray_serve_app.py", port]),
]
