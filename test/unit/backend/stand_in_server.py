"""Stands in for the package tidegate_server: answers GET / on its socket, and misbehaves as MODE says."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

MODE = os.environ.get("MODE", "")


def can_write(path):
    try:
        with open(path, "w"):
            return True
    except OSError:
        return False


def describe_surroundings():
    root = os.environ["AML_APP_ROOT"]
    return {
        "cwd": os.getcwd(),
        "secret_seen": os.path.exists(os.environ["SECRET_FILE"]),
        "model": open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.txt")).read(),
        "app_writable": can_write(os.path.join(root, "written-by-replica")),
        "models_writable": can_write(os.path.join(os.environ["AZUREML_MODEL_DIR"], "more")),
        "system_writable": can_write("/usr/written-by-replica") or can_write("/var/written-by-replica"),
        "tmp_writable": can_write(os.path.join(os.environ["TMPDIR"], "x")),
        "processes": sum(name.isdigit() for name in os.listdir("/proc")),
        "capabilities": [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")][0],
        "variables": sorted(os.environ),
    }


def listen():
    path = os.environ["TIDEGATE_LISTEN"].removeprefix("unix:")
    server = socket.socket(socket.AF_UNIX)
    # Through the folder's descriptor: the path may be too long for an address.
    folder = os.open(os.path.dirname(path), os.O_PATH)
    server.bind(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    server.listen(16)
    return server


def serve(server):
    while True:
        connection, _ = server.accept()
        try:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nHealthy")
        except OSError:
            pass  # whoever asked did not wait
        connection.close()


def drain(signum, frame):
    print("draining", flush=True)
    os._exit(0)


signal.signal(signal.SIGTERM, signal.SIG_IGN if MODE == "stubborn" else drain)
print("serving", os.environ["HOSTNAME"], flush=True)
if MODE.startswith("exit"):
    sys.exit(int(MODE.removeprefix("exit")))
if MODE == "look":
    print("SEEN " + json.dumps(describe_surroundings()), flush=True)
if MODE == "family":
    wait = "import time; time.sleep(1000)"
    for own_session in (False, True):
        subprocess.Popen([sys.executable, "-c", wait, os.environ["MARK"]], start_new_session=own_session)
if MODE == "chatty":
    for number in range(5000):
        print(f"line {number} {'x' * 80}")
if MODE == "slow":
    time.sleep(1000)
serve(listen())
