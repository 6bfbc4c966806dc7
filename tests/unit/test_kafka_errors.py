"""One table from the client's errors to ours."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import errors as client

from lienthong_infra import exit_codes
from lienthong_infra.errors import (
    ConfigurationError,
    Fenced,
    LienthongError,
    PublishError,
    RecordTooLarge,
    TemporaryError,
    UnavailableError,
    UnknownTopic,
)
from lienthong_infra.kafka.connection import Patience, started
from lienthong_infra.kafka.errors import translated, translating


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (client.ProducerFenced(), Fenced),
        (client.InvalidProducerEpoch(), Fenced),
        (client.MessageSizeTooLargeError(), RecordTooLarge),
        (client.OutOfOrderSequenceNumber(), PublishError),
        (client.TopicAuthorizationFailedError("t"), ConfigurationError),
        (client.UnknownTopicOrPartitionError(), UnknownTopic),
        (client.KafkaConnectionError(), UnavailableError),
        (client.NotLeaderForPartitionError(), UnavailableError),
        (client.NodeNotReadyError(), UnavailableError),
        (TimeoutError(), UnavailableError),
        (ConnectionRefusedError(), UnavailableError),
        (client.KafkaError("whatever"), TemporaryError),
        (client.IllegalOperation("whatever"), TemporaryError),
    ],
)
def test_each_of_the_clients_errors_becomes_one_of_ours(error: BaseException, expected: type[LienthongError]) -> None:
    """By its meaning; what is retriable means that the broker is away, what is unknown may be tried again."""
    assert type(translated(error, "doing")) is expected


def test_the_text_says_what_was_tried_and_quotes_nothing() -> None:
    """The client's own text may hold data; its kind is enough."""
    text = str(translated(client.KafkaError("secret"), "writing 3 records"))
    assert "writing 3 records" in text
    assert "secret" not in text


def test_what_is_not_the_clients_passes_unchanged() -> None:
    """An error of our own code is not a problem of the broker."""
    with pytest.raises(KeyError), translating("doing"):
        raise KeyError("ours")


class Dead:
    """A client that never starts."""

    starts = 0
    stops = 0

    async def start(self) -> None:
        """Fail."""
        Dead.starts += 1
        raise client.KafkaConnectionError

    async def stop(self) -> None:
        """Count."""
        Dead.stops += 1


async def test_starting_gives_up_in_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """One line for each step, a new client for each try, every one closed, then UnavailableError (exit code 69)."""
    patience = Patience(limit_s=1.5, first_wait_s=0.01, longest_wait_s=0.1)
    with pytest.raises(UnavailableError) as caught:
        await started(Dead, bootstrap="kafka:9092", doing="connecting", patience=patience)
    assert caught.value.exit_code == exit_codes.UNAVAILABLE
    assert Dead.starts == Dead.stops >= 2
    lines = [each.getMessage() for each in caplog.records if each.name == "lienthong_infra.kafka.connection"]
    assert lines == ["broker-unavailable"] * (Dead.starts - 1)


async def test_an_attempt_that_hangs_is_cut_off() -> None:
    """A broker that accepts the connection and says nothing counts as away."""

    class Hanging(Dead):
        async def start(self) -> None:
            await asyncio.sleep(60)

    with pytest.raises(UnavailableError):
        await started(Hanging, bootstrap="b", doing="connecting", patience=Patience(limit_s=0, attempt_s=0.05))
