"""What scripts/quickstart does once everything is installed and built: serve, deploy, score, check.

Every command that is shown is run by a shell exactly as it is shown.
"""

import argparse
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The example's files, the server's log and record. Tests choose another folder.
WORK = Path(os.environ.get("TIDEGATE_QUICKSTART") or ROOT / ".quickstart").absolute()
RECORD = WORK / "serve.json"
LOG = WORK / "serve.log"
BINARY = ROOT / "build/release/bin/tidegate"
START_WAIT_S = 30
STOP_WAIT_S = 60

PREDICT = (
    "import joblib, json, sys; rows = json.loads(sys.argv[1])['data']; "
    "print(json.dumps(joblib.load('model.pkl').predict(rows).tolist()))"
)


def say(text):
    print(f"quickstart: {text}", flush=True)


def fail(text):
    print(f"quickstart: error: {text}", file=sys.stderr)
    sys.exit(1)


# --- the server -----------------------------------------------------------------------------------


def start_ticks(pid):
    """When a process began, in clock ticks; None if it is gone. With the pid it names one process for ever."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


def descendants(pid):
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        found.extend(more := children.get(todo.pop(), []))
        todo.extend(more)
    return found


def working_in(data):
    """Processes whose command line names a replica of the data folder: replicas and their shims."""
    inside = os.fsencode(data) + b"/replicas/"
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if inside in file.read_bytes():
                found.append(int(file.parent.name))
        except OSError:
            continue
    return found


def recorded():
    """The server that an earlier run started and that still runs, else None."""
    try:
        record = json.loads(RECORD.read_text())
    except (OSError, ValueError):
        return None
    return record if start_ticks(record["pid"]) == record["ticks"] else None


def healthy(data):
    """What GET /tidegate/v1/health says on the socket in `data`, None if nobody answers."""
    try:
        folder = os.open(data, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            # By way of the folder's descriptor: a socket's own path may hold 107 bytes only.
            connection.connect(f"/proc/self/fd/{folder}/api.sock")
            client = http.client.HTTPConnection("localhost")
            client.sock = connection
            client.request("GET", "/tidegate/v1/health")
            return json.loads(client.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        os.close(folder)


def stop():
    record = recorded()
    if record is None:
        say("nothing to stop: no server that this script started is running")
        RECORD.unlink(missing_ok=True)
        return
    pid = record["pid"]
    ticks = {p: start_ticks(p) for p in {pid, *descendants(pid), *working_in(record["data"])}}
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WAIT_S
    while alive := [p for p, began in ticks.items() if began and start_ticks(p) == began]:
        if time.monotonic() > deadline:
            fail(f"still running {STOP_WAIT_S} s after SIGTERM to {pid}: {alive}; see {LOG}")
        time.sleep(0.05)
    if healthy(record["data"]):
        fail(f"another server answers in {record['data']}; it was not started by this script")
    RECORD.unlink(missing_ok=True)
    say(f"stopped tidegate serve (pid {pid}, {len(ticks)} processes); its data stays in {record['data']}")


def start(data, listen):
    """Leaves a server running in `data`: one that runs already, or a new one."""
    record = recorded()
    if record and (record["data"] != data or not same_binary(record["pid"])):
        say("the server of an earlier run has another data folder or an older binary: restarting")
        stop()
    elif answer := healthy(data):
        by = f"pid {record['pid']}" if record else "not started by this script"
        say(f"tidegate serve {answer.get('version')} is running already ({by}, data in {data})")
        return
    argv = [str(BINARY), "serve", "--data", data, *(["--listen", listen] if listen else [])]
    with LOG.open("wb") as log:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
        )
    RECORD.write_text(json.dumps({"pid": child.pid, "ticks": start_ticks(child.pid), "data": data}))
    deadline = time.monotonic() + START_WAIT_S
    while not healthy(data):
        if child.poll() is not None:
            RECORD.unlink()
            fail(f"tidegate serve ended with code {child.returncode}:\n{log_tail()}")
        if time.monotonic() > deadline:
            fail(f"tidegate serve does not answer after {START_WAIT_S} s:\n{log_tail()}")
        time.sleep(0.02)
    say(f"tidegate serve runs in the background (pid {child.pid}, data in {data}, log in {LOG})")


def same_binary(pid):
    try:
        return os.path.samestat(os.stat(f"/proc/{pid}/exe"), BINARY.stat())
    except OSError:
        return False


def log_tail():
    lines = LOG.read_text(errors="replace").splitlines()[-15:]
    return "\n".join(f"  {line}" for line in lines)


# --- the story ------------------------------------------------------------------------------------


def shell(command, *, cwd=WORK, quiet_stderr=False):
    """Shows a command, runs it as shown, shows its output; returns (stdout, seconds). Any failure ends all."""
    print(f"\n$ {command}", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=cwd, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet_stderr else None,
    )
    seconds = time.monotonic() - began
    if done.stdout:
        print(done.stdout.rstrip("\n"), flush=True)
    if done.returncode != 0:
        fail(f"the command ended with code {done.returncode}" + (f": {done.stderr}" if quiet_stderr else ""))
    return done.stdout, seconds


def there(command):
    """Whether a `show` command finds its object; asked silently."""
    return subprocess.run(
        ["bash", "-c", command], cwd=WORK, stdin=subprocess.DEVNULL, capture_output=True
    ).returncode == 0


def lay_out_example():
    WORK.mkdir(parents=True, exist_ok=True)
    for file in (ROOT / "examples/diabetes").iterdir():
        shutil.copy(file, WORK / file.name)


def deploy_and_score(body):
    """The user's story. Returns the model's id and the replies of `service run` and of curl."""
    if there("tidegate computetarget show -n myaks"):
        shell("tidegate computetarget show -n myaks")
    else:
        shell("tidegate computetarget create aks -n myaks")
    model = json.loads(shell("tidegate model register -n mymodel -p model.pkl")[0])["id"]
    again = " --overwrite" if there("tidegate service show -n myservice") else ""
    shell(
        f"tidegate model deploy -ct myaks -m {model} -n myservice"
        f" -ic inferenceconfig.json -dc deploymentconfig.json{again}"
    )
    service = json.loads(shell("tidegate service show -n myservice")[0])
    by_run = shell(f"tidegate service run -n myservice -d {shlex.quote(body)}")[0]
    keys = json.loads(shell("tidegate service get-keys -n myservice")[0])
    by_curl = shell(
        f'curl -H "Authorization: Bearer {keys["primaryKey"]}" {service["scoringUri"]} -d {shlex.quote(body)}',
        quiet_stderr=True,  # curl's progress meter, which a terminal does not show either
    )[0]
    return model, json.loads(by_run), json.loads(by_curl)


def expected_prediction(body):
    """scikit-learn's own answer, by the interpreter that the service runs on."""
    full = subprocess.run(
        ["tidegate", "service", "show", "-n", "myservice", "-v"],
        cwd=WORK, text=True, check=True, stdout=subprocess.PIPE,
    )
    interpreter = json.loads(full.stdout)["tidegate"]["interpreter"]
    done = subprocess.run([interpreter, "-c", PREDICT, body], cwd=WORK, text=True, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def check(body, replies):
    expected = expected_prediction(body)
    for name, reply in replies.items():
        if not isinstance(reply, list) or len(reply) != len(expected):
            fail(f"{name} answered {reply}, scikit-learn says {expected}")
        if any(abs(got - want) > 1e-12 for got, want in zip(reply, expected)):
            fail(f"{name} answered {reply}, scikit-learn says {expected}")
    print()
    say(f"the prediction {replies['curl'][0]!r} equals scikit-learn's own in the same environment")


def stopwatch(model, body):
    """Times a first deployment whose environment is there already, and an update of the code alone."""
    if there("tidegate service show -n stopwatch"):
        shell("tidegate service delete -n stopwatch")
    files = "-ic inferenceconfig.json -dc deploymentconfig.json"
    _, deploy_s = shell(f"tidegate model deploy -ct myaks -m {model} -n stopwatch {files} -o none")
    script = WORK / "score.py"
    original = script.read_text()
    try:
        script.write_text(original.replace(".tolist()", ".round(1).tolist()"))
        _, update_s = shell("tidegate service update -n stopwatch -ic inferenceconfig.json -o none")
    finally:
        script.write_text(original)
    reply = json.loads(shell(f"tidegate service run -n stopwatch -d {shlex.quote(body)}")[0])
    if reply != [round(value, 1) for value in expected_prediction(body)]:
        fail(f"the updated code is not what answers: {reply}")
    shell("tidegate service delete -n stopwatch")
    print()
    print(f"stopwatch: environment there to Healthy {deploy_s:.2f} s (goal: under 3 s)")
    print(f"stopwatch: code-only update             {update_s:.2f} s (goal: under 2 s)")


def farewell(data):
    print(f"""
The service keeps running. To go on in this shell:
  export PATH={shlex.quote(f"{BINARY.parent}:{ROOT / '.venv/bin'}")}:"$PATH" TIDEGATE_DATA={shlex.quote(data)}
  tidegate --help
To stop it:
  {shlex.quote(str(ROOT / "scripts/quickstart"))} --stop""")


def main():
    parser = argparse.ArgumentParser(prog="scripts/quickstart")
    parser.add_argument("--stop", action="store_true")
    parser.add_argument("--data", default=os.environ.get("TIDEGATE_DATA") or "~/.tidegate")
    parser.add_argument("--listen")
    options = parser.parse_args()
    if options.stop:
        stop()
        return
    data = str(Path(options.data).expanduser().absolute())
    os.environ["TIDEGATE_DATA"] = data
    os.environ["PATH"] = f"{BINARY.parent}:{ROOT / '.venv/bin'}:{os.environ['PATH']}"
    lay_out_example()
    start(data, options.listen)
    shell("python train.py")

    from sklearn.datasets import load_diabetes

    body = json.dumps({"data": load_diabetes().data[:1].tolist()})
    model, by_run, by_curl = deploy_and_score(body)
    check(body, {"tidegate service run": by_run, "curl": by_curl})
    stopwatch(model, body)
    farewell(data)


if __name__ == "__main__":
    main()
