"""No collected row is lost silently: not by SIGTERM or SIGKILL, not between processes, not on a full disk."""

import collections
import fcntl
import re
import signal
import threading

import pytest
from replica import wait_until
from test_limits import InBackground

SCRIPT = """
import atexit, os, resource, time
from azureml.monitoring import ModelDataCollector

def init():
    global dc
    dc = ModelDataCollector("m", feature_names=["id", "text"])

def run(data):
    kind, _, rest = data.partition(" ")
    if kind == "row":
        dc.collect([rest, "x" * 20])
    elif kind == "limit":  # to the size of a file, as a full disk has one
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(rest), resource.RLIM_INFINITY))
    elif kind == "many":
        first, count, size = map(int, rest.split())
        for number in range(first, first + count):
            dc.collect([number, "x" * size])
    elif kind == "wait":
        time.sleep(1.1)  # the pause between two tries
    elif kind == "fork":
        child = os.fork()
        if child == 0:
            dc.collect(["child", ""])
            atexit._run_exitfuncs()  # as at the end of an interpreter
            os._exit(0)
        return os.waitpid(child, 0)[1]
    with open("/proc/self/statm") as memory:
        return int(memory.read().split()[1]) * 4096
"""


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def collect(serve, data):
    return lambda: serve(SCRIPT, env={"AML_MODEL_DC_STORAGE_ENABLED": "true", "TIDEGATE_MODEL_DATA": str(data)})


def rows(data):
    """The first column of all rows; whole rows only."""
    found = []
    for path in data.rglob("*.csv"):
        header, *lines = path.read_bytes().decode().split("\r\n")
        assert (header, lines.pop()) == ("id,text", "")
        assert all(re.fullmatch(r"\w+,x*", line) for line in lines)
        found += [line.partition(",")[0] for line in lines]
    return found


def sent(replica, stop, name):
    """Rows whose request was answered, until the replica takes no more."""
    answered = []
    while not stop.is_set():
        row = f"{name}n{len(answered)}"
        try:
            if replica.score(f"row {row}".encode()).status == 200:
                answered.append(row)
        except OSError:
            break
    return answered


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_every_answered_row_is_there_after_a_signal(collect, data, number):
    replicas = [collect(), collect()]
    stop = threading.Event()
    clients = [InBackground(lambda r=replica, n=f"r{at}": sent(r, stop, n)) for at, replica in enumerate(replicas)]
    wait_until(lambda: data.exists() and len(rows_so_far(data)) > 200, "rows")
    for replica in replicas:
        replica.process.send_signal(number)
        replica.exit_code()
    stop.set()
    answered = [row for client in clients for row in client.result()]
    found = collections.Counter(rows(data))
    assert len(answered) > 100
    assert not set(answered) - set(found)
    assert max(found.values()) == 1
    assert len(list(data.rglob("*.csv"))) == 1


def rows_so_far(data):
    return [line for path in data.rglob("*.csv") for line in path.read_bytes().split(b"\r\n")]


def test_a_full_disk_keeps_rows_until_there_is_room(collect, data):
    replica = collect()
    replica.score(b"many 0 20 1000")  # longer than the log, which has the same limit
    size = sum(path.stat().st_size for path in data.rglob("*.csv"))
    before = rows(data)
    replica.score(f"limit {size + 10}".encode())  # half a row more
    assert replica.score(b"row b").status == 200
    assert replica.score(b"row c").status == 200
    assert rows(data) == before
    assert re.search(r" E .*model data: cannot write \S+default\.csv: File too large; 1 rows wait", replica.log())
    replica.score(b"limit 1000000")
    replica.score(b"wait")
    replica.score(b"row d")
    assert rows(data) == before + ["b", "c", "d"]
    assert "model data: files are written again; 0 rows were lost" in replica.log()


def test_what_waits_is_written_at_the_end(collect, data):
    replica = collect()
    replica.score(b"row a")
    replica.score(b"limit 1")
    replica.score(b"row b")
    replica.score(b"limit 1000000")
    assert rows(data) == ["a"]
    replica.terminate()
    assert replica.exit_code() == 0
    assert rows(data) == ["a", "b"]
    assert "are lost" not in replica.log().rpartition("cannot write")[2].partition("\n")[2]


def test_memory_is_bounded_and_what_is_given_up_is_counted(collect, data):
    replica = collect()
    before = replica.score(b"row a").json()
    replica.score(b"limit 4000")  # the log has room, the rows have not
    after = replica.score(b"many 0 400 100000").json()  # 40 MB
    assert after - before < 16 << 20
    assert "more than 8 MB wait to be written: rows are lost from now on" in replica.log()
    replica.terminate()
    assert replica.exit_code() == 0
    assert rows(data) == ["a"]
    assert "model data: 400 rows are lost" in replica.log()


def test_a_forked_child_writes_its_own_rows_and_not_its_parents(collect, data):
    replica = collect()
    replica.score(b"row a")
    replica.score(b"limit 1")
    replica.score(b"row b")
    replica.score(b"limit 1000000")
    assert replica.score(b"fork").json() == 0
    replica.terminate()
    assert replica.exit_code() == 0
    assert rows(data) == ["a", "child", "b"]


def test_a_lock_that_is_never_given_back_does_not_stop_scoring(collect, data):
    replica = collect()
    replica.score(b"row a")
    (path,) = data.rglob("*.csv")
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert replica.score(b"row b").status == 200
        assert "cannot write" in replica.log()
        assert rows(data) == ["a"]
    replica.terminate()
    assert replica.exit_code() == 0
    assert rows(data) == ["a", "b"]


def test_a_folder_that_cannot_be_made_is_an_error_in_the_log_only(serve, tmp_path):
    (tmp_path / "file").write_text("")
    replica = serve(SCRIPT, env={
        "AML_MODEL_DC_STORAGE_ENABLED": "true", "TIDEGATE_MODEL_DATA": str(tmp_path / "file")})
    assert replica.score(b"row a").status == 200
    assert "cannot write" in replica.log()
    replica.terminate()
    assert replica.exit_code() == 0
    assert "model data: 1 rows are lost" in replica.log()
