"""CloudEvents 1.0 headers of a case event, binary mode of the Kafka protocol binding.

They repeat what routers and tracing need without reading the value; the value stays the record. Nothing personal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lienthong_schemas.instants import iso_of

CONTENT_TYPE: Final = b"application/avro"


def event_headers(
    topic: str, record: Mapping[str, Any], *, traceparent: str | None = None
) -> tuple[tuple[str, bytes], ...]:
    """The headers of a record of a case topic; ``traceparent`` (W3C Trace Context) is passed on where given."""
    kind, version = topic.rsplit(".", 1)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": record["event_id"],
        "ce_source": f"urn:lienthong:office:{record['office']}",
        "ce_type": f"vn.lienthong.{kind}.{record['change']}.{version}",
        "ce_time": iso_of(record["occurred_at"]),
        "ce_subject": record["case_id"],
    }
    if traceparent is not None:
        headers["traceparent"] = traceparent
    return (("content-type", CONTENT_TYPE), *((name, value.encode()) for name, value in headers.items()))
