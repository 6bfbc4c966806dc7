"""The model of a topic file: what a topic is, whose it is, who may meet it there, and how the broker keeps it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["case", "bus", "dead-letter", "changelog"]
Service = Literal["outbox", "importer", "ticker", "deadlines", "totals", "ledger", "exporter", "operations"]
"""What writes or reads a topic: processes of the bus, and ``operations``, people with the command line."""

FOREVER: Final = "forever"
MILLISECONDS_PER_DAY: Final = 86_400_000
SchemaName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*\.v[1-9][0-9]*$")]
"""Name of a file in ``avro`` without its ending: ``dossier.v1``."""
TopicName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*\.v[1-9][0-9]*$", max_length=200)]
"""Logical name of a topic, without the bus's prefix."""
_Line = Annotated[str, Field(min_length=3)]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DataProtection(_Spec):
    """How protected the data must be, and on what law it rests."""

    classification: Literal["open", "internal", "restricted"]
    personal: Literal["none", "pseudonym", "possible"]
    """``possible`` where a sender's mistake could bring personal data in, as in a dead letter."""
    legal_basis: _Line


class TopicConfig(_Spec):
    """What the broker is told about the topic."""

    partitions: Annotated[int, Field(ge=1, le=256)]
    """Fixed for a topic version: the key decides the partition."""
    retention: Annotated[str, Field(pattern=r"^(forever|[1-9][0-9]* days)$")]
    cleanup: Literal["delete", "compact"]
    timestamps: Literal["append", "create"]
    """Whose clock stamps the records: the broker's, or the writer's. In an import it is always the writer's."""
    max_message_bytes: Annotated[int, Field(ge=1_024, le=16_777_216)]
    segment_bytes: Annotated[int, Field(ge=1_048_576)] | None = None
    """Smaller segments are compacted sooner; left out: the broker's default."""

    @property
    def retention_ms(self) -> int:
        """Retention in milliseconds; -1 = for ever."""
        return -1 if self.retention == FOREVER else int(self.retention.split()[0]) * MILLISECONDS_PER_DAY


class TopicSpec(_Spec):
    """One topic: what it is, whose it is, who may meet it there, and how the broker keeps it."""

    name: TopicName
    role: Role
    title: _Line
    description: _Line
    owner: _Line
    data: DataProtection
    producers: Annotated[tuple[Service, ...], Field(strict=False)]
    consumers: Annotated[tuple[Service, ...], Field(strict=False)]
    key: _Line
    schemas: Annotated[tuple[SchemaName, ...], Field(strict=False)] = ()
    """Names of schemas, oldest first, numbered from 1 without gaps."""
    same_record_as: str = ""
    """The topic whose schemas this one carries, too: the same record, written by another."""
    value: str = ""
    """What a value is where it has no schema of ours."""
    reserved: bool = False
    """The topic is there, but nothing may be written to it before it has a schema."""
    belongs_to: str = ""
    """Of a dead-letter topic or a changelog: the topic it serves."""
    dead_letter: str = ""
    config: TopicConfig
