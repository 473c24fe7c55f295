"""A unix socket of a replica is for its owner alone: that is how a replica on one machine knows its router."""

import os
import socket
import stat
import subprocess
import sys

from replica import ECHO

NOBODY = 65534
CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"


def test_only_the_owner_may_use_it_whatever_the_umask(launch):
    before = os.umask(0)
    try:
        replica = launch(ECHO)
    finally:
        os.umask(before)
    replica.wait_ready()
    assert stat.S_IMODE(replica.socket.stat().st_mode) == 0o600
    with socket.socket(socket.AF_UNIX) as own:
        own.connect(str(replica.socket))
    if os.geteuid() != 0:
        return  # nobody else can be played; the mode is what keeps them out
    replica.root.chmod(0o755)
    tried = subprocess.run(
        [sys.executable, "-I", "-S", "-c", CONNECT, replica.socket], user=NOBODY, cwd="/", stderr=subprocess.PIPE)
    assert tried.returncode != 0 and b"PermissionError" in tried.stderr, tried
