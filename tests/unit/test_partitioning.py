"""Which partition a key belongs to must be what every other client says."""

from __future__ import annotations

import random

import pytest
from aiokafka.partitioner import murmur2 as clients_murmur2

from lienthong_infra.partitioning import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "expected"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)],
)
def test_murmur2_has_the_values_of_the_java_client(key: bytes, expected: int) -> None:
    """Fixed values of Kafka's own test, as signed 32-bit numbers (UtilsTest.testMurmur2)."""
    assert murmur2(key) == expected & 0xFFFFFFFF


def test_murmur2_agrees_with_the_client_for_all_lengths() -> None:
    """The last one to three bytes are hashed in another way than the words before them."""
    source = random.Random(1)
    for length in range(70):
        key = source.randbytes(length)
        assert murmur2(key) == clients_murmur2(key)


def test_a_key_always_has_a_partition_that_exists() -> None:
    """The highest bit is taken off before the rest is taken."""
    assert {partition_of(b"%d" % number, 4) for number in range(200)} == {0, 1, 2, 3}
