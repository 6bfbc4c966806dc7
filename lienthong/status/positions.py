"""Reading the deadline worker's positions for those who look from outside: only the streams know their format."""

from lienthong_consumers.exporter.sightings import AppliedPosition
from lienthong_infra.ports import Record
from lienthong_streams.position import POSITION_KEY, decode_position


def position_of(record: Record) -> AppliedPosition | None:
    """The position in a record of a changelog; None for a state. Raises UnknownPositionVersion or ValueError."""
    if record.key != POSITION_KEY:
        return None
    position = decode_position(record.value or b"")
    return AppliedPosition(position.next_offset, position.horizon, position.generation)
