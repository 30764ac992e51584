"""How many connections a port has, counted of real ones."""

import socket
from pathlib import Path

from server_broker.metrics.listeners import established


def test_open_connections_count_and_others_do_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as other:
        port, quiet = server.getsockname()[1], other.getsockname()[1]
        assert established([port, quiet]) == {port: 0, quiet: 0}
        with socket.create_connection(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)):
            assert established([port, quiet]) == {port: 2, quiet: 0}


def test_a_kernel_without_ipv6_has_one_table(tmp_path: Path) -> None:
    assert established([80], tables=[tmp_path / "tcp6"]) == {80: 0}
