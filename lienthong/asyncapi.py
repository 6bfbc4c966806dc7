"""The public topics as an AsyncAPI 3.0 document, for those who generate clients and catalogues from one.

Source: AsyncAPI 3.0.0 and its Kafka bindings 0.5.0. The payloads are the Avro schemas of the contract; their bytes are
single-object encoded, which the document says in words, since AsyncAPI has no field for it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from lienthong import __version__
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import fingerprint_of, packaged_schema
from lienthong_schemas.topic_spec import TopicSpec

ASYNCAPI: Final = "3.0.0"
AVRO: Final = "application/vnd.apache.avro+json;version=1.9.0"
"""The schema format that AsyncAPI has for Avro; the schemas use nothing newer."""
PREFIX: Final = "The bus: lower-case letters, digits and hyphens, such as `h27`."
ENCODING: Final = (
    "Avro single-object encoding: the bytes C3 01, the CRC-64-AVRO fingerprint of the writer's schema "
    "(little-endian), the value. Instants are microseconds since 1970-01-01T00:00Z."
)
_SENDERS: Final = ("outbox", "importer")
"""Producers outside the bus: what they write is what an agency sends."""


def public_topics() -> list[TopicSpec]:
    """The topics that offices write or analysts read: no dead letters, no changelogs, nothing reserved."""
    topics = load_catalogue().topics.values()
    return [spec for spec in topics if spec.role in ("case", "bus") and not spec.reserved]


def asyncapi() -> dict[str, Any]:
    """The document as JSON data."""
    topics = public_topics()
    schemas = sorted({name for spec in topics for name in spec.schemas})
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "Liên thông",
            "version": __version__,
            "description": f"Event bus for one-stop public services. {ENCODING}",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "avro/binary",
        "channels": {spec.name: _channel(spec) for spec in topics},
        "operations": {
            f"{action}-{spec.name}": _operation(spec, action) for spec in topics for action in _actions(spec)
        },
        "components": {
            "parameters": {"prefix": {"description": PREFIX}},
            "messages": {name: _message(name) for name in schemas},
        },
    }


def asyncapi_page() -> str:
    """The document as it stands in ``docs/reference``."""
    return json.dumps(asyncapi(), indent=1, ensure_ascii=False) + "\n"


def _channel(spec: TopicSpec) -> dict[str, Any]:
    config = spec.config
    cleanup = {"cleanup.policy": [config.cleanup], "retention.ms": config.retention_ms}
    return {
        "address": f"{{prefix}}.{spec.name}",
        "title": spec.title,
        "description": f"{spec.description.strip()} Key: {spec.key}. Owner: {spec.owner}.",
        "parameters": {"prefix": {"$ref": "#/components/parameters/prefix"}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in spec.schemas},
        "bindings": {
            "kafka": {"partitions": config.partitions, "topicConfiguration": cleanup, "bindingVersion": "0.5.0"}
        },
    }


def _actions(spec: TopicSpec) -> list[str]:
    """What those outside the bus may do: everybody may read; what senders write, they may send."""
    return ["send", "receive"] if set(spec.producers) & set(_SENDERS) and spec.role == "case" else ["receive"]


def _operation(spec: TopicSpec, action: str) -> dict[str, Any]:
    said = {"send": "An agency's system states what has changed.", "receive": "Read what is on the topic."}
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{_pointer(spec.name)}"},
        "summary": said[action],
        "messages": [{"$ref": f"#/channels/{_pointer(spec.name)}/messages/{name}"} for name in spec.schemas],
    }


def _message(name: str) -> dict[str, Any]:
    schema = packaged_schema(name)
    return {
        "name": name,
        "title": schema["name"],
        "summary": f"Fingerprint {fingerprint_of(schema).hex()} (CRC-64-AVRO, little-endian).",
        "contentType": "avro/binary",
        "payload": {"schemaFormat": AVRO, "schema": schema},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
    }


def _pointer(name: str) -> str:
    """A name as part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
