"""Entry scripts of the fault tests."""


def slow(seconds):
    """Sleeps in run(), as long as the body says or `seconds`."""
    return f"""
import json, os, time

def init():
    pass

def run(body):
    time.sleep(json.loads(body or "{{}}").get("sleep", {seconds}))
    return {{"pid": os.getpid()}}
"""


# Counts how many calls of run() are under way in its process, and answers with the most there ever were.
# "stubborn" is code that a time limit cannot interrupt, as a long call into a C library would be.
COUNTING = """
import json, threading, time, uuid

me = uuid.uuid4().hex
lock = threading.Lock()
inside = 0
most = 0

def init():
    pass

def stay(seconds, stubborn):
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        try:
            time.sleep(left)
        except BaseException:
            if not stubborn:
                raise

def run(body):
    global inside, most
    wish = json.loads(body or "{}")
    with lock:
        inside += 1
        most = max(most, inside)
    try:
        stay(wish.get("sleep", 0.02), wish.get("stubborn", False))
    finally:
        with lock:
            inside -= 1
    return {"replica": me, "most": most}
"""
