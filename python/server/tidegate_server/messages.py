"""JSON messages between master, template and workers: one each way per packet, with a descriptor where one is due."""

import array
import json
import socket
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

_BYTES_MAX = 1 << 16


class Message(NamedTuple):
    fields: Dict[str, Any]
    fd: int  # -1: none; the receiver's to close


def channel() -> Tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(to: socket.socket, fields: Dict[str, Any], fd: int = -1) -> None:
    """OSError: nobody is there any more."""
    ancillary = []  # type: List[Tuple[int, int, Any]]
    if fd >= 0:
        ancillary.append((socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd])))
    to.sendmsg([json.dumps(fields).encode()], ancillary, socket.MSG_NOSIGNAL)


def receive(from_: socket.socket) -> Optional[Message]:
    """None: nobody is there any more."""
    try:
        data, ancillary, _, _ = from_.recvmsg(_BYTES_MAX, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
    except ConnectionError:
        return None
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    if not data:
        return None
    return Message(json.loads(data.decode()), fds[0] if fds else -1)
