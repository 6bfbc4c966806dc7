"""The choice of ports for the embedded servers."""

import pytest

from lienthong_infra.embedded.ports import HIGHEST_PORT, LOWEST_PORT, choose_port
from lienthong_infra.errors import EmbeddedServerError

FIRST_EPHEMERAL_PORT = 32_768
"""Linux default of net.ipv4.ip_local_port_range."""


def test_a_chosen_port_and_its_neighbours_are_free() -> None:
    """All ports of the server must be free, not only the first."""
    free = {25_000, 25_001, 25_002}
    taken_but_these = {port for port in range(LOWEST_PORT, HIGHEST_PORT) if port % 3 == 1} | free
    chosen = {choose_port(1, free=taken_but_these.__contains__) for _ in range(50)}
    assert all(port in taken_but_these for port in chosen)


def test_a_taken_neighbour_rules_a_port_out() -> None:
    """With every odd port taken, there is no place for two neighbours."""
    with pytest.raises(EmbeddedServerError, match="no 2 neighbouring free ports"):
        choose_port(2, free=lambda port: port % 2 == 0)


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    """An outgoing connection could otherwise take the port before the server listens."""
    chosen = [choose_port(2, free=lambda _: True) for _ in range(500)]
    assert min(chosen) >= LOWEST_PORT
    assert max(chosen) + 1 < FIRST_EPHEMERAL_PORT
