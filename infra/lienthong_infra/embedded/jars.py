"""The jars of the embedded broker: a lock of Maven coordinates with SHA-256, fetched once into a cache."""

import errno
import hashlib
import json
import os
import platform
import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from lienthong_infra.errors import EmbeddedServerError

_THREADS = 8
_LOCK_FILE = "kafka-jars.json"
_CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Both are read by the HTTP client at each request."""
# Debian, Ubuntu, Arch; Red Hat; SUSE.
_SYSTEM_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
)

ByteCounter = Callable[[int], None]
"""Called with the number of bytes that have just arrived."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One file of a Maven repository. `size` in bytes; `machine` limits it to one processor architecture."""

    group: str
    artifact: str
    version: str
    size: int
    sha256: str
    classifier: str = ""
    machine: str = ""

    @property
    def file_name(self) -> str:
        """Name of the file in a Maven repository."""
        return "-".join(part for part in (self.artifact, self.version, self.classifier) if part) + ".jar"

    @property
    def cached_name(self) -> str:
        """Name in the cache; begins with the hash, so that locks of several releases can share one cache."""
        return f"{self.sha256[:12]}-{self.file_name}"


def load_lock(machine: str | None = None) -> tuple[Jar, ...]:
    """Return the jars for a processor architecture (default: this machine's) in the order of the class path."""
    wanted = machine or platform.machine()
    text = resources.files(__package__).joinpath(_LOCK_FILE).read_text(encoding="utf-8")
    jars = [Jar(**entry) for entry in json.loads(text)["jars"]]
    return tuple(jar for jar in jars if jar.machine in ("", wanted))


def is_sound(path: Path, jar: Jar) -> bool:
    """Tell whether the file is there and is, byte by byte, the one of the lock."""
    try:
        if path.stat().st_size != jar.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except FileNotFoundError:
        return False


def ensure_jars(lock: Sequence[Jar], folder: Path, *, mirror: str = "") -> tuple[Path, ...]:
    """Return the paths of all jars, every one verified; fetch those that are missing or damaged.

    `mirror` is the address of a Maven repository in place of Maven Central. Raises `EmbeddedServerError` when a jar
    cannot be fetched, there is no space, or what arrived is not what the lock names (that file is not kept).
    """
    paths = tuple(folder / jar.cached_name for jar in lock)
    with ThreadPoolExecutor(_THREADS) as pool:
        sound = pool.map(is_sound, paths, lock)
        missing = [jar for jar, good in zip(lock, sound, strict=True) if not good]
    if missing:
        _fetch(missing, folder, mirror)
    return paths


def _fetch(missing: Sequence[Jar], folder: Path, mirror: str) -> None:
    needed = sum(jar.size for jar in missing)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < needed:
            raise OSError(errno.ENOSPC, "no space left on the device")
        with (
            tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as staging,
            _system_certificates(),
            _progress(needed, len(missing)) as count,
        ):
            download = _downloader(Path(staging), mirror, count)
            with ThreadPoolExecutor(_THREADS) as pool:
                for each in [pool.submit(_fetch_one, jar, folder, download) for jar in missing]:
                    each.result()
    except EmbeddedServerError:
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise EmbeddedServerError(
                f"no space left in {folder}: the broker's jars need {needed / 1e6:.1f} MB; "
                "free some, or set LIENTHONG_CACHE"
            ) from error
        if error.filename is not None:
            raise EmbeddedServerError(f"the cache cannot be written: {error}; set LIENTHONG_CACHE") from error
        raise EmbeddedServerError(_unreachable(missing, folder, mirror, error)) from error
    except RuntimeError as error:
        raise EmbeddedServerError(_unreachable(missing, folder, mirror, error)) from error


def _unreachable(missing: Sequence[Jar], folder: Path, mirror: str, error: Exception) -> str:
    source = mirror or "Maven Central"
    return (
        f"{len(missing)} jars of the embedded broker (first: {missing[0].file_name}) are not in the cache {folder} "
        f"and could not be fetched from {source} ({type(error).__name__}): connect to the network once, "
        "set LIENTHONG_MAVEN_REPOSITORY to a mirror, or set LIENTHONG_BOOTSTRAP to a Kafka cluster of your own"
    )


def _fetch_one(jar: Jar, folder: Path, download: Callable[[Jar], Path]) -> None:
    arrived = download(jar)
    if not is_sound(arrived, jar):
        arrived.unlink(missing_ok=True)
        raise EmbeddedServerError(
            f"{jar.file_name}: what was fetched is not the file of the lock (SHA-256 differs); nothing was kept. "
            "A proxy or a mirror may have altered it: try again, or set LIENTHONG_MAVEN_REPOSITORY"
        )
    arrived.replace(folder / jar.cached_name)


def _downloader(staging: Path, mirror: str, count: ByteCounter) -> Callable[[Jar], Path]:
    # Imported here: with a warm cache nothing of it is needed, and it takes its time.
    from jgo.maven import MavenContext, PythonResolver

    @contextmanager
    def counting(_name: str, _total: int) -> Iterator[ByteCounter]:
        yield count

    context = MavenContext(
        resolver=PythonResolver(progress_callback=counting),
        repo_cache=staging,
        remote_repos={"mirror": mirror.rstrip("/")} if mirror else None,
    )

    def download(jar: Jar) -> Path:
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        artifact = component.artifact(classifier=jar.classifier) if jar.classifier else component.artifact()
        return Path(artifact.resolve())

    return download


@contextmanager
def _system_certificates() -> Iterator[None]:
    """Trust what the operating system trusts, as an office network with a certificate authority of its own needs.

    The HTTP client below otherwise knows only the authorities that it brings along.
    """
    known = (ssl.get_default_verify_paths().cafile, *_SYSTEM_CERTIFICATES)
    bundle = next((name for name in known if name and Path(name).is_file()), None)
    if bundle is None or any(os.environ.get(name) for name in _CERTIFICATE_VARIABLES):
        yield
        return
    os.environ[_CERTIFICATE_VARIABLES[0]] = bundle
    try:
        yield
    finally:
        del os.environ[_CERTIFICATE_VARIABLES[0]]


@contextmanager
def _progress(total: int, files: int) -> Iterator[ByteCounter]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn(f"Apache Kafka: fetching {files} jars (once)"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
    )
    shown: AbstractContextManager[object] = bar if console.is_terminal else nullcontext()
    task = bar.add_task("", total=total)
    with shown:
        yield lambda arrived: bar.advance(task, arrived)
