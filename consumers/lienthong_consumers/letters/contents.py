"""The record inside a letter: would it be taken today, how it reads, and its value written anew from fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from lienthong_infra.errors import BadInputError
from lienthong_schemas.case_event import CASE_TOPICS, read_case_event
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import BrokenRule, ContractError
from lienthong_schemas.identity import event_id


def book_with(schemas: Iterable[tuple[str, str]]) -> SchemaBook:
    """A book that also knows these (topic, schema as JSON). One that is broken is passed over: its records say so."""
    book = SchemaBook()
    for topic, body in schemas:
        with suppress(Exception):  # whatever a broken schema raises in the Avro library
            book.learn(topic, json.loads(body))
    return book


def problems_today(book: SchemaBook, topic: str, key: bytes | None, value: bytes | None) -> list[str]:
    """Why a record would be refused today; empty where it would be taken."""
    try:
        if topic in CASE_TOPICS:
            read_case_event(book, topic, key, value or b"")
        else:
            book.decode(topic, value or b"")
    except BrokenRule as error:
        return list(error.problems)
    except ContractError as error:
        return [str(error)]
    return []


def fields_of(book: SchemaBook, topic: str, value: bytes | None) -> dict[str, Any] | None:
    """The fields of a value, None where it cannot be read."""
    try:
        return book.decode(topic, value or b"")
    except ContractError:
        return None


def value_of(book: SchemaBook, topic: str, fields: Mapping[str, Any]) -> tuple[bytes | None, bytes]:
    """Key and value of a record with these fields; a case event's id is computed where it is left out.

    Raises BadInputError with everything that is wrong.
    """
    record = dict(fields)
    key: bytes | None = None
    if topic in CASE_TOPICS and isinstance(record.get("case_id"), str):
        key = record["case_id"].encode()
        if {"office", "epoch", "seq"} <= record.keys():
            record.setdefault("event_id", event_id(record["office"], record["case_id"], record["epoch"], record["seq"]))
    try:
        value = book.encode(topic, record)
    except (ValueError, TypeError, KeyError) as error:
        raise BadInputError([f"the fields do not fit the schema of {topic}: {error}"]) from error
    problems = problems_today(book, topic, key, value)
    if problems:
        raise BadInputError(problems)
    return key, value
