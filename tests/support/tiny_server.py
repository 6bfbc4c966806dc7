"""The smallest embedded server there can be: a Python process that listens. For what all embedded servers share."""

import signal
import sys
from pathlib import Path

from lienthong_infra.embedded import ports
from lienthong_infra.embedded.process import Launch
from lienthong_infra.embedded.server import EmbeddedServer

LISTENS = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    listener.accept()[0].close()
"""
FAILS = """
import sys
sys.exit("the disk is on fire")
"""
NEVER_READY = """
import time
print("still thinking", flush=True)
time.sleep(60)
"""


class TinyServer(EmbeddedServer):
    """Runs `program` with the port as its argument; it is ready when the port is open."""

    name = "tiny server"
    verb = "tiny"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, program: str = LISTENS) -> None:
        super().__init__(folder)
        self._program = program

    def address(self, port: int) -> str:
        """Return host:port."""
        return f"{ports.LOOPBACK}:{port}"

    def prepare(self, port: int) -> Launch:
        """Nothing to prepare."""
        command = (sys.executable, "-c", self._program, str(port))
        return Launch(command=command, folder=self.folder, log=self.log, stop_signal=self.stop_signal)

    def ready(self, port: int, pid: int, log_from: int) -> bool:
        """The port is open."""
        return ports.is_open(port)
