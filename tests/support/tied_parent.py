"""A process that starts a tied embedded server and then waits to be killed. Run as a module with: KIND HOME CACHE."""

import signal
import sys
from pathlib import Path

from lienthong_infra.embedded.kafka import EmbeddedKafka
from lienthong_infra.embedded.postgres import EmbeddedPostgres
from lienthong_infra.embedded.server import EmbeddedServer
from tests.support.tiny_server import TinyServer


def main() -> None:
    """Start the server of that kind, write its process id to standard output, wait for a signal."""
    kind, home, cache = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    servers: dict[str, EmbeddedServer] = {
        "tiny": TinyServer(home / "tiny"),
        "kafka": EmbeddedKafka(home, cache),
        "postgres": EmbeddedPostgres(home),
    }
    server = servers[kind]
    server.start(tied=True)
    sys.stdout.write(f"{server.status().pid}\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main()
