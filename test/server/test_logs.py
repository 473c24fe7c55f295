"""Log lines: spec/observability.md 1, with the request id."""

import re

from replica import ECHO

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"


def lines_with(replica, text):
    return [line for line in replica.log().splitlines() if text in line]


def test_one_line_per_request(serve):
    replica = serve(ECHO)
    replica.call("POST", "/score?a=b", b"x", {"x-request-id": "abc"})
    (line,) = lines_with(replica, "POST /score")
    assert re.fullmatch(
        rf"{STAMP} I \[{replica.process.pid}\] azmlinfsrv \[abc\] - POST /score\?a=b 200 \d+\.\d{{3}}ms 3", line)


def test_health_is_not_logged(serve):
    replica = serve(ECHO)
    before = replica.log()
    replica.get("/")
    replica.score(b"x")
    assert len(replica.log().splitlines()) == len(before.splitlines()) + 1


def test_print_gives_lines_with_time_level_and_request_id(serve):
    replica = serve("""
        import sys
        print('at import')
        def init(): print('in', 'init')
        def run(data):
            print('one\\ntwo')
            print('half', end='')
            sys.stdout.write('written\\n')
            print('unfinished', end='')
        """)
    replica.score(x_request_id="abc")
    replica.score(x_request_id="def")
    prefix = rf"{STAMP} I \[{replica.process.pid}\] azmlinfsrv\.print"
    texts = [re.fullmatch(rf"{prefix}(?: \[(\w+)\])? - (.*)", line).groups() for line in lines_with(replica, ".print")]
    per_request = ["one", "two", "halfwritten", "unfinished"]
    assert texts == [(None, "at import"), (None, "in init"),
                     *(("abc", text) for text in per_request), *(("def", text) for text in per_request)]


def test_print_to_another_file_is_untouched(serve):
    replica = serve("import sys\ndef init(): print('to stderr', file=sys.stderr)\ndef run(data): pass\n")
    replica.terminate()
    replica.exit_code()
    assert replica.stderr == b"to stderr\n"


def test_logging_gives_lines_with_level_and_request_id(serve):
    replica = serve("""
        import logging
        def init(): pass
        def run(data):
            logging.getLogger('mine').warning('careful %d', 7)
            logging.getLogger('mine').debug('not shown')
            logging.info('at the root')
        """)
    replica.score(x_request_id="abc")
    (line,) = lines_with(replica, "mine")
    assert re.fullmatch(rf"{STAMP} W \[\d+\] mine \[abc\] - careful 7", line)
    (line,) = lines_with(replica, "root")
    assert re.fullmatch(rf"{STAMP} I \[\d+\] root \[abc\] - at the root", line)


def test_the_log_level_is_a_setting(serve):
    script = "import logging\ndef init(): pass\ndef run(data): logging.debug('details')\n"
    replica = serve(script, env={"AZUREML_LOG_LEVEL": "debug"})
    replica.score()
    assert lines_with(replica, " D ")


def test_a_script_that_configures_logging_has_its_way(serve):
    replica = serve("""
        import logging, sys
        logging.basicConfig(level=logging.DEBUG, format='own format: %(message)s', stream=sys.stdout, force=True)
        def init(): pass
        def run(data): logging.debug('details')
        """)
    replica.score(x_request_id="abc")
    (line,) = lines_with(replica, "details")
    assert line.endswith("azmlinfsrv.print [abc] - own format: details")


def test_a_thread_of_the_script_logs_without_a_request_id(serve):
    replica = serve("""
        import threading
        def init(): pass
        def run(data):
            thread = threading.Thread(target=print, args=('from a thread',))
            thread.start()
            thread.join()
        """)
    replica.score(x_request_id="abc")
    (line,) = lines_with(replica, "from a thread")
    assert line.endswith("azmlinfsrv.print - from a thread")


def test_a_client_cannot_forge_a_line(serve):
    replica = serve(ECHO)
    replica.get("/score?%0Aforged")
    assert not [line for line in replica.log().splitlines() if line.startswith("forged")]


def test_the_deprecated_header_is_named_once(serve):
    replica = serve(ECHO)
    for _ in range(3):
        replica.score(b"x", x_ms_request_id="old")
    assert len(lines_with(replica, "x-ms-request-id, which is deprecated")) == 1


def test_the_start_says_what_happens(serve):
    log = serve(ECHO).log()
    for text in ("Found user script at", "run() is not decorated.", "Invoking user's init function",
                 "Users's init has completed successfully", "Scoring timeout is set to 3600000",
                 "ready for serving traffic"):
        assert text in log
