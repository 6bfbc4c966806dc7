"""Ports on loopback for the embedded servers."""

import random
import socket
from collections.abc import Callable

from lienthong_infra.errors import EmbeddedServerError

LOOPBACK = "127.0.0.1"
LOWEST_PORT = 20_000
HIGHEST_PORT = 32_000
"""Linux hands out 32768-60999 to outgoing connections; a listener there may find its port taken by one of them."""
_TRIES = 200


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port now. Connections that wait for their end do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def is_open(port: int, *, timeout_s: float = 1.0) -> bool:
    """Tell whether something answers on this port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=timeout_s):
            return True
    except OSError:
        return False


def choose_port(width: int, *, free: Callable[[int], bool] = is_free) -> int:
    """Choose the first of `width` neighbouring free ports, at random so that parallel runs seldom meet.

    Raises `EmbeddedServerError` when no such place was found.
    """
    for _ in range(_TRIES):
        first = random.randrange(LOWEST_PORT, HIGHEST_PORT - width)
        if all(free(first + offset) for offset in range(width)):
            return first
    raise EmbeddedServerError(
        f"no {width} neighbouring free ports between {LOWEST_PORT} and {HIGHEST_PORT} on {LOOPBACK}; "
        "end what listens there, or name a port"
    )
