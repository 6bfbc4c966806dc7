"""The CloudEvents headers of a case event."""

from typing import Any

from lienthong_schemas.headers import event_headers

RECORD: dict[str, Any] = {
    "event_id": "10a8558b-90cb-5701-bd49-6fc7d69884b1",
    "office": "H27.16",
    "change": "changed",
    "occurred_at": 1_782_867_600_000_000,
    "case_id": "dossier:H27.16:1",
}
HEADERS = (
    ("content-type", b"application/avro"),
    ("ce_specversion", b"1.0"),
    ("ce_id", b"10a8558b-90cb-5701-bd49-6fc7d69884b1"),
    ("ce_source", b"urn:lienthong:office:H27.16"),
    ("ce_type", b"vn.lienthong.dossier.changed.v1"),
    ("ce_time", b"2026-07-01T01:00:00Z"),
    ("ce_subject", b"dossier:H27.16:1"),
)


def test_headers_follow_the_binary_mode_of_the_kafka_binding() -> None:
    """Every required attribute of CloudEvents 1.0 stands in a header of its own."""
    assert event_headers("dossier.v1", RECORD) == HEADERS


def test_a_trace_is_passed_on() -> None:
    """The sender's W3C trace context goes through unchanged, and is absent where there is none."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert event_headers("dossier.v1", RECORD, traceparent=trace) == (*HEADERS, ("traceparent", trace.encode()))
