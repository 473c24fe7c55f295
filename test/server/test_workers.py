"""WORKER_COUNT > 1: several processes behind one socket. The limit is exact, and a worker that dies takes only its
own request with it."""

import os
import signal

import pytest
from replica import ECHO, PACKAGES, wait_until
from test_limits import InBackground
from workers_help import OBEDIENT, living, start_lines, wait_for_workers


def several(count, **more):
    return {"WORKER_COUNT": str(count), **more}


def held(replica, name):
    """A request that stays inside run() until the file `name` is there, and the pid of its worker."""
    background = InBackground(lambda: replica.score(f"wait {replica.root}/{name}".encode()))
    begun = replica.root / f"{name}.begun"
    wait_until(lambda: begun.exists() and begun.read_text(), "run() to begin", replica)
    return background, int(begun.read_text())


# --- how starts go wrong ----------------------------------------------------------------------------


def test_a_failing_init_ends_everything_with_3_and_says_why(launch):
    replica = launch("def init(): raise ValueError('no model')\ndef run(data): pass\n", env=several(3))
    assert replica.exit_code() == 3
    error = replica.startup_error()
    assert error["stage"] == "init" and error["message"] == "ValueError: no model"
    assert "score.py" in error["traceback"]
    assert b"ValueError: no model" in replica.stderr


def test_a_first_worker_that_crashes_in_init_is_told(launch):
    replica = launch("import ctypes\ndef init(): ctypes.string_at(0)\ndef run(data): pass\n", env=several(2))
    assert replica.exit_code() == 3
    error = replica.startup_error()
    assert error["stage"] == "init"
    assert "killed by signal 11 (SIGSEGV)" in error["message"]


def test_an_address_that_is_taken_ends_everything_with_3(serve, launch):
    first = serve(ECHO)
    second = launch(ECHO, env=several(2), listen=f"tcp:127.0.0.1:{first.port}")
    assert second.exit_code() == 3
    assert second.startup_error()["stage"] == "start"


@pytest.mark.parametrize("name", ["WORKER_COUNT", "TIDEGATE_WORKER_MAX_REQUESTS", "TIDEGATE_WORKER_MEMORY_MB"])
def test_settings_that_are_no_numbers_are_named(launch, name):
    replica = launch(ECHO, env={name: "many"})
    assert replica.exit_code() == 3
    assert name in replica.startup_error()["message"]


# --- requests ---------------------------------------------------------------------------------------


def test_four_workers_do_four_things_at_once_and_a_fifth_is_refused(serve):
    replica = serve(OBEDIENT, env=several(4))
    workers = wait_for_workers(replica, 4)
    held_ones = [held(replica, f"gate{number}") for number in range(4)]
    assert sorted(pid for _, pid in held_ones) == workers
    refusals = [replica.score(b"x") for _ in range(5)]
    assert all(reply.not_started for reply in refusals)
    assert "limit" in refusals[0].message
    assert replica.get("/").body == b"Healthy"
    assert replica.get("/swagger.json").status == 200
    for number in range(4):
        (replica.root / f"gate{number}").touch()
    assert sorted(background.result().json() for background, _ in held_ones) == workers


def test_more_wait_only_if_the_limit_is_larger(serve):
    replica = serve(OBEDIENT, env=several(2, TIDEGATE_MAX_CONCURRENT="3"))
    wait_for_workers(replica, 2)
    held_ones = [held(replica, "a"), held(replica, "b")]
    others = [InBackground(lambda: replica.score(b"x")) for _ in range(4)]
    wait_until(lambda: sum(not thread.is_alive() for thread in others) == 3, "three refusals", replica)
    (replica.root / "a").touch()
    (replica.root / "b").touch()
    assert sorted(thread.result().status for thread in others) == [200, 503, 503, 503]
    assert all(background.result().status == 200 for background, _ in held_ones)


def test_workers_with_threads_do_as_many_things_at_once_as_all_have_threads(serve):
    replica = serve(OBEDIENT, env=several(2, TIDEGATE_THREADS="2", TIDEGATE_MAX_CONCURRENT="4"))
    workers = wait_for_workers(replica, 2)
    held_ones = [held(replica, f"gate{number}") for number in range(4)]
    assert sorted(pid for _, pid in held_ones) == sorted(workers * 2)
    assert replica.score(b"x").not_started
    for number in range(4):
        (replica.root / f"gate{number}").touch()
    assert all(background.result().status == 200 for background, _ in held_ones)


def test_what_a_worker_answers_and_logs_is_what_one_process_would(serve):
    script = """
        def init(): pass
        def run(data, request_headers):
            print('data is', data)
            return request_headers['X-Mine']
        """
    one, many = serve(script), serve(script, env=several(2))
    replies = [replica.score(b"text", x_mine="1", x_request_id="the-id") for replica in (one, many)]
    assert replies[0].body == replies[1].body
    skip = ("x-ms-run-fn-exec-ms", "date")
    heads = [sorted((k.lower(), v) for k, v in reply.headers.items() if k.lower() not in skip) for reply in replies]
    assert heads[0] == heads[1]
    many.wait_for_log("azmlinfsrv.print [the-id] - data is text")
    many.wait_for_log("azmlinfsrv [the-id] - POST /score 200")
    assert many.log().count("POST /score 200") == 1
    for target in ("/nowhere", "/swagger.json", "/swagger.json?version=9"):
        assert one.get(target).body == many.get(target).body


# --- workers that die -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, cause", [(b"exit", "ended: exit code 7"), (b"crash", "ended: killed by signal 11 (SIGSEGV)")])
def test_a_worker_that_ends_in_run_tells_its_caller_why_and_is_replaced(serve, body, cause):
    replica = serve(OBEDIENT, env=several(2))
    before = wait_for_workers(replica, 2)
    reply = replica.score(body, x_request_id="mine")
    assert reply.status == 502
    assert cause in reply.message, reply.message
    assert reply.headers["x-request-id"] == "mine"
    assert reply.headers["x-ms-run-function-failed"] == "True"
    wait_until(lambda: living(replica) - set(before), "another worker", replica)
    after = wait_for_workers(replica, 2)
    assert len(set(before) & set(after)) == 1
    assert {replica.score(b"x").json() for _ in range(4)} == set(after)


def test_a_worker_that_is_killed_takes_only_its_own_request_with_it(serve):
    replica = serve(OBEDIENT, env=several(3))
    wait_for_workers(replica, 3)
    lost, victim = held(replica, "lost")
    kept, _ = held(replica, "kept")
    os.kill(victim, signal.SIGKILL)
    assert lost.result().status == 502
    assert "killed by signal 9 (SIGKILL)" in lost.result().message
    assert f"pid {victim}" in lost.result().message
    assert replica.score(b"x").status == 200
    (replica.root / "kept").touch()
    assert kept.result().status == 200
    assert victim not in wait_for_workers(replica, 3)


def test_workers_that_are_killed_idle_cost_no_request(serve):
    replica = serve(OBEDIENT, env=several(2, TIDEGATE_MAX_CONCURRENT="50"))
    workers = wait_for_workers(replica, 2)
    os.kill(workers[0], signal.SIGKILL)
    assert [replica.score(b"x").status for _ in range(20)] == [200] * 20


def test_a_request_that_hangs_ends_its_worker(serve):
    replica = serve(OBEDIENT, env=several(2, WORKER_TIMEOUT="1"))
    before = wait_for_workers(replica, 2)
    reply = replica.score(b"sleep 60")
    assert reply.status == 502
    assert "took longer than WORKER_TIMEOUT allows (1 s)" in reply.message
    assert b'score.py", line' in replica.stderr  # where it hung
    wait_until(lambda: living(replica) - set(before), "another worker", replica)
    assert replica.score(b"x").status == 200


# --- the end ----------------------------------------------------------------------------------------


def test_sigterm_under_load_loses_nothing_that_was_admitted(serve):
    replica = serve(OBEDIENT, env=several(2, TIDEGATE_MAX_CONCURRENT="20"))
    workers = wait_for_workers(replica, 2)
    requests = [InBackground(lambda: replica.score(b"sleep 0.05")) for _ in range(20)]
    wait_until(lambda: sum(not thread.is_alive() for thread in requests) >= 4, "some answers", replica)
    replica.terminate()
    statuses = [request.result().status for request in requests]
    assert statuses == [200] * 20
    assert replica.exit_code() == 0
    assert not any(is_there(pid) for pid in workers)
    assert b"Traceback" not in replica.stderr


def test_sigterm_during_init_ends_everything(launch):
    replica = launch("import time\ndef init(): time.sleep(60)\ndef run(data): pass\n", env=several(2))
    replica.wait_for_log("Invoking user's init function")
    replica.terminate()
    assert replica.exit_code() == 0


def test_exit_functions_of_the_script_run_in_each_worker(serve):
    replica = serve("""
        import atexit, os
        def init(): atexit.register(print, 'exit function')
        def run(data): return data
        """, env=several(2))
    wait_for_workers(replica, 2)
    replica.terminate()
    assert replica.exit_code() == 0
    assert replica.log().count("exit function") == 2


def test_kill_9_of_the_master_leaves_no_process(serve):
    replica = serve(OBEDIENT, env=several(2))
    workers = wait_for_workers(replica, 2)
    replica.wait_for_log("The template (pid ")
    template = int(replica.log().split("The template (pid ")[1].split(")")[0])
    request, _ = held(replica_that_dies(replica), "never")
    replica.process.kill()
    replica.process.wait()
    wait_until(lambda: not any(is_there(pid) for pid in [*workers, template]), "the processes to be gone")
    assert request.result() is None


def replica_that_dies(replica):
    """Its answers may be None."""
    real = replica.score

    def score(*args, **more):
        try:
            return real(*args, **more)
        except (OSError, EOFError):
            return None
        except Exception as error:  # http.client's own for a connection that ends
            assert "Remote" in type(error).__name__ or "Incomplete" in type(error).__name__
            return None

    replica.score = score
    return replica


def is_there(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


# --- template or a fresh interpreter ----------------------------------------------------------------

LIBRARY = "import os\nimported_in = os.getpid()\nprint('library is imported')\n"
LEAVES_A_THREAD = LIBRARY + "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
USES_LIBRARY = """
    import library, local, os
    def init(): pass
    def run(data): return [os.getpid() == library.imported_in, os.getpid() == local.imported_in]
    """


def with_library(root, text):
    """Installed in the environment."""
    folder = root / "site"
    folder.mkdir()
    (folder / "library.py").write_text(text)
    return {"PYTHONPATH": f"{PACKAGES}:{folder}"}


def test_workers_are_forked_from_a_template_that_has_imported_the_environment_only(serve, tmp_path):
    replica = serve(USES_LIBRARY, files={"local.py": LIBRARY}, env=several(3, **with_library(tmp_path, LIBRARY)))
    wait_for_workers(replica, 3)
    lines = start_lines(replica)
    assert sum("started from the template in" in line for line in lines) == 2, lines
    answers = [replica.score(b"x").json() for _ in range(6)]
    assert [False, True] in answers  # the library came with the fork, the user's own module did not
    assert all(own for _, own in answers)
    assert replica.log().count("library is imported") == 2 + 3  # template, first worker; local.py in each


def test_a_template_with_threads_is_not_forked(serve, tmp_path):
    replica = serve(USES_LIBRARY, files={"local.py": LIBRARY}, env=several(3, **with_library(tmp_path, LEAVES_A_THREAD)))
    wait_for_workers(replica, 3)
    lines = start_lines(replica)
    assert sum("spawned, because the imports left 2 threads (library), in" in line for line in lines) == 2, lines
    assert all(replica.score(b"x").json() == [True, True] for _ in range(6))


def test_an_import_that_fails_is_the_scripts_matter(serve):
    replica = serve(
        "try:\n    import no_such_module\nexcept ImportError: pass\ndef init(): pass\ndef run(data): return data\n",
        env=several(2))
    wait_for_workers(replica, 2)
    replica.wait_for_log("The template has not imported no_such_module: not found")
    assert any("from the template" in line for line in start_lines(replica))


def test_an_import_that_kills_the_template_means_that_workers_are_spawned(serve, tmp_path):
    library = "import os, sys\nif 'entry_module' not in sys.modules: os.kill(os.getpid(), 11)\n"
    replica = serve("import library\ndef init(): pass\ndef run(data): return data\n",
                    env=several(2, **with_library(tmp_path, library)))
    wait_for_workers(replica, 2)
    cause = "the template ended: killed by signal 11 (SIGSEGV)"
    assert any(f"spawned, because {cause}, in" in line for line in start_lines(replica)), start_lines(replica)


def test_a_start_from_the_template_takes_no_longer_than_the_script_itself(serve):
    replica = serve("import json, decimal, ctypes\ndef init(): pass\ndef run(data): return data\n", env=several(4))
    wait_for_workers(replica, 4)
    took = [int(line.split(" in ")[1].split(" ms")[0]) for line in start_lines(replica) if "template" in line]
    assert len(took) == 3
    assert min(took) < 300, took  # the best of three: this machine may be busy


# --- collected rows ---------------------------------------------------------------------------------


def test_rows_that_several_workers_collect_are_whole_and_complete(serve, tmp_path):
    script = """
        from azureml.monitoring import ModelDataCollector
        def init():
            global collector
            collector = ModelDataCollector('m', designation='predictions', feature_names=['number', 'text'])
        def run(data):
            collector.collect([int(data), 'x' * 5000])
        """
    replica = serve(script, env=several(
        3, TIDEGATE_MAX_CONCURRENT="100", AML_MODEL_DC_STORAGE_ENABLED="true", TIDEGATE_MODEL_DATA=str(tmp_path)))
    wait_for_workers(replica, 3)
    requests = [InBackground(lambda number=number: replica.score(str(number).encode())) for number in range(60)]
    assert all(request.result().status == 200 for request in requests)
    (file,) = tmp_path.rglob("predictions.csv")
    header, *rows = file.read_text().splitlines()
    assert header == "number,text"
    assert sorted(rows) == sorted(f"{number},{'x' * 5000}" for number in range(60))
