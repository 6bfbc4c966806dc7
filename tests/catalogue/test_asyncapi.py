"""The AsyncAPI document: valid by the official schema of AsyncAPI 3.0.0, complete, and without loose ends."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from lienthong.asyncapi import asyncapi, public_topics
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import packaged_schema

OFFICIAL = Path(__file__).parents[1] / "support" / "data" / "asyncapi-3.0.0.json.xz"


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    """The official schema (package @asyncapi/specs, Apache-2.0)."""
    return Draft7Validator(json.loads(lzma.decompress(OFFICIAL.read_bytes())))


def references(data: Any) -> Iterator[str]:
    """Every ``$ref`` of a document."""
    if isinstance(data, dict):
        if isinstance(data.get("$ref"), str):
            yield data["$ref"]
        for value in data.values():
            yield from references(value)
    elif isinstance(data, list):
        for value in data:
            yield from references(value)


def found(document: dict[str, Any], pointer: str) -> Any:
    """What a local reference points to."""
    value: Any = document
    for part in pointer.removeprefix("#/").split("/"):
        value = value[part.replace("~1", "/").replace("~0", "~")]
    return value


def test_the_document_is_valid(validator: Draft7Validator) -> None:
    """By the schema that AsyncAPI publishes."""
    assert [error.message for error in validator.iter_errors(asyncapi())] == []


@pytest.mark.parametrize("field", ["asyncapi", "info"])
def test_the_validation_bites(validator: Draft7Validator, field: str) -> None:
    """A document without a required field is refused."""
    broken = asyncapi()
    del broken[field]
    assert not validator.is_valid(broken)


def test_every_public_topic_is_a_channel() -> None:
    """Dead letters and changelogs are not."""
    topics = load_catalogue().topics.values()
    public = {spec.name for spec in topics if spec.role in ("case", "bus") and not spec.reserved}
    assert set(asyncapi()["channels"]) == public
    assert {"dossier.v1", "sla.v1"} <= public


def test_every_reference_leads_somewhere() -> None:
    """To a channel, a message or a parameter of the same document."""
    document = asyncapi()
    pointers = set(references(document))
    assert len(pointers) > len(public_topics())
    assert all(found(document, pointer) for pointer in pointers)


def test_a_payload_is_the_schema_of_the_contract() -> None:
    """Not a copy that can grow old."""
    message = asyncapi()["components"]["messages"]["clock-event.v2"]
    assert message["payload"]["schema"] == packaged_schema("clock-event.v2")


def test_agencies_send_case_events_and_nothing_else() -> None:
    """Clock events, ticks and reference data are the bus's own."""
    sends = {name for name, one in asyncapi()["operations"].items() if one["action"] == "send"}
    assert sends == {f"send-{topic}" for topic in CASE_TOPICS}
