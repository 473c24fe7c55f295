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
COUNTING = """
import json, os, threading, time

lock = threading.Lock()
inside = 0
most = 0

def init():
    pass

def run(body):
    global inside, most
    wish = json.loads(body or "{}")
    with lock:
        inside += 1
        most = max(most, inside)
    try:
        time.sleep(wish.get("sleep", 0.02))
    finally:
        with lock:
            inside -= 1
    return {"pid": os.getpid(), "most": most}
"""
