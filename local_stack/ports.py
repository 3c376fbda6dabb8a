"""Loopback ports: free ones, and whether somebody listens."""

import socket
from contextlib import ExitStack, suppress


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nobody listens on."""
    with ExitStack() as sockets:
        opened = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in opened:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in opened]


def listens(port: int) -> bool | None:
    """Return True when something accepts connections on the loopback port, else None."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return None
