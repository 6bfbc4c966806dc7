"""One table from the client's errors to ours; nothing else in the project knows the client's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiokafka import errors as client

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

_FENCED: Final = (
    client.ProducerFenced,
    client.InvalidProducerEpoch,
    client.InvalidTxnState,
    client.InvalidProducerIdMapping,
)
_TOO_LARGE: Final = (client.MessageSizeTooLargeError, client.RecordListTooLargeError, client.RecordTooLargeError)
_NOT_WRITTEN: Final = (client.OutOfOrderSequenceNumber, client.ProducerClosed, client.CorruptRecordException)
_FORBIDDEN: Final = (
    client.TopicAuthorizationFailedError,
    client.GroupAuthorizationFailedError,
    client.ClusterAuthorizationFailedError,
    client.TransactionalIdAuthorizationFailed,
    client.AuthenticationFailedError,
    client.AuthenticationMethodNotSupported,
)
_UNKNOWN_TOPIC: Final = (client.UnknownTopicOrPartitionError, client.InvalidTopicError)
_AWAY: Final = (
    client.KafkaConnectionError,
    client.KafkaTimeoutError,
    client.KafkaUnavailableError,
    TimeoutError,
    OSError,
)


def translated(error: BaseException, doing: str) -> LienthongError:
    """Our error for one of the client's (or a time-out), where ``doing`` says what was tried."""
    name = type(error).__name__
    if isinstance(error, _FENCED):
        return Fenced(f"{doing}: another process has become the owner ({name})")
    if isinstance(error, _TOO_LARGE):
        return RecordTooLarge(f"{doing}: a record is larger than the broker takes ({name})")
    if isinstance(error, _NOT_WRITTEN):
        return PublishError(f"{doing}: not all records were acknowledged ({name})")
    if isinstance(error, _FORBIDDEN):
        return ConfigurationError([f"{doing}: the broker refuses this client ({name}); check its account and rights"])
    if isinstance(error, _UNKNOWN_TOPIC):
        return UnknownTopic(doing)
    if isinstance(error, _AWAY) or getattr(error, "retriable", False):
        return UnavailableError(f"{doing}: no answer from Kafka ({name})")
    return TemporaryError(f"{doing}: {name}")


@contextmanager
def translating(doing: str) -> Iterator[None]:
    """Raise our errors for those that the client raises inside."""
    try:
        yield
    except (client.KafkaError, client.IllegalOperation, client.ConsumerStoppedError, TimeoutError, OSError) as error:
        raise translated(error, doing) from error
