"""The lock of the broker's jars and the check of cached files."""

import hashlib
from pathlib import Path

import pytest

from lienthong_infra.embedded.jars import Jar, is_sound, load_lock


def jar_of(content: bytes) -> Jar:
    """Return the lock entry of a file with this content."""
    return Jar("org.example", "thing", "1.0", len(content), hashlib.sha256(content).hexdigest())


def test_the_lock_names_the_jars_of_kafka_once_each() -> None:
    """32 jars; the same file twice would make the class path ambiguous."""
    names = [jar.file_name for jar in load_lock("x86_64")]
    assert (len(names), len(set(names))) == (32, 32)


def test_every_jar_of_kafka_itself_has_one_version() -> None:
    """Jars of two releases on one class path fail in ways nobody can read."""
    assert {jar.version for jar in load_lock("x86_64") if jar.group == "org.apache.kafka"} == {"4.3.0"}


@pytest.mark.parametrize(("machine", "classifier"), [("x86_64", "linux_amd64"), ("aarch64", "linux_aarch64")])
def test_native_code_is_that_of_the_machine(machine: str, classifier: str) -> None:
    """Only the machine's own native library is fetched."""
    assert [jar.classifier for jar in load_lock(machine) if jar.classifier] == [classifier]


def test_every_hash_is_a_whole_sha256() -> None:
    """A cut hash would never match, or match too much."""
    assert {len(bytes.fromhex(jar.sha256)) for jar in load_lock()} == {32}


def test_the_file_name_is_that_of_a_maven_repository() -> None:
    """artifact-version-classifier.jar."""
    assert Jar("g", "a", "1.2", 1, "00" * 32, "linux").file_name == "a-1.2-linux.jar"


def test_a_file_with_the_right_bytes_is_sound(tmp_path: Path) -> None:
    """Size and SHA-256 agree."""
    path = tmp_path / "thing.jar"
    path.write_bytes(b"content")
    assert is_sound(path, jar_of(b"content"))


@pytest.mark.parametrize("content", [b"", b"conten", b"c0ntent", b"content and more"])
def test_a_file_with_other_bytes_is_not_sound(tmp_path: Path, content: bytes) -> None:
    """Cut short, changed or grown: none of them may be run."""
    path = tmp_path / "thing.jar"
    path.write_bytes(content)
    assert not is_sound(path, jar_of(b"content"))


def test_a_missing_file_is_not_sound(tmp_path: Path) -> None:
    """Nothing cached yet."""
    assert not is_sound(tmp_path / "thing.jar", jar_of(b"content"))
