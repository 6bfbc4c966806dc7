"""Fetching jars from a Maven repository on loopback."""

import functools
import hashlib
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lienthong_infra.embedded import ports
from lienthong_infra.embedded.jars import Jar, ensure_jars
from lienthong_infra.errors import EmbeddedServerError

CONTENT = b"the bytes of a jar"
JAR = Jar("org.example", "thing", "1.0", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class Mirror(NamedTuple):
    """A Maven repository: its address, the served file, and the paths that were asked for."""

    address: str
    file: Path
    asked: list[str]


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    """Serve one jar."""
    file = tmp_path / "repository" / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            asked.append(self.path)

    handler = functools.partial(Handler, directory=str(tmp_path / "repository"))
    with http.server.ThreadingHTTPServer((ports.LOOPBACK, ports.choose_port(1)), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Mirror(f"http://{ports.LOOPBACK}:{server.server_port}", file, asked)
        server.shutdown()
        thread.join()


def test_a_missing_jar_is_fetched(mirror: Mirror, tmp_path: Path) -> None:
    """From the repository that the setting names."""
    (path,) = ensure_jars([JAR], tmp_path / "cache", mirror=mirror.address)
    assert path.read_bytes() == CONTENT


def test_a_cached_jar_is_not_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    """The second time works without any network."""
    ensure_jars([JAR], tmp_path / "cache", mirror=mirror.address)
    mirror.asked.clear()
    ensure_jars([JAR], tmp_path / "cache", mirror=mirror.address)
    assert mirror.asked == []


def test_a_damaged_jar_is_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    """Same size, other bytes: only the hash can tell."""
    (path,) = ensure_jars([JAR], tmp_path / "cache", mirror=mirror.address)
    path.write_bytes(CONTENT.swapcase())
    ensure_jars([JAR], tmp_path / "cache", mirror=mirror.address)
    assert path.read_bytes() == CONTENT


def test_a_jar_that_is_not_the_locked_one_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    """A repository that serves something else gets nothing into the cache."""
    mirror.file.write_bytes(CONTENT.swapcase())
    with pytest.raises(EmbeddedServerError, match=r"thing-1\.0\.jar: .*SHA-256 differs"):
        ensure_jars([JAR], tmp_path / "cache", mirror=mirror.address)
    assert list((tmp_path / "cache").iterdir()) == []


def test_offline_with_nothing_cached_says_what_to_do(tmp_path: Path) -> None:
    """Nothing listens at the address: the error names the jar, the cache and three ways out."""
    dead = f"http://{ports.LOOPBACK}:{ports.choose_port(1)}"
    with pytest.raises(EmbeddedServerError, match=r"thing-1\.0\.jar.*LIENTHONG_MAVEN_REPOSITORY.*LIENTHONG_BOOTSTRAP"):
        ensure_jars([JAR], tmp_path / "cache", mirror=dead)


def test_a_repository_without_the_jar_is_named(mirror: Mirror, tmp_path: Path) -> None:
    """A mirror may be incomplete."""
    mirror.file.unlink()
    with pytest.raises(EmbeddedServerError, match="could not be fetched from http"):
        ensure_jars([JAR], tmp_path / "cache", mirror=mirror.address)


def test_a_full_disk_is_named(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says where and how much; nothing is asked of the repository."""
    real = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=len(CONTENT) - 1))
    with pytest.raises(EmbeddedServerError, match=r"no space left in .*cache"):
        ensure_jars([JAR], tmp_path / "cache", mirror=mirror.address)
    assert mirror.asked == []
