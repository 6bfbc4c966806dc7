"""The largest state of a case. Source: design, promise P8: memory and disk stay below a stated bound."""

from __future__ import annotations

from lienthong_infra.record_size import MAX_RECORD_BYTES
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.case_state import CaseState, encode_state
from lienthong_streams.domain.announcements import diff
from lienthong_streams.domain.fold import fold_of
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.timeline import Known
from lienthong_streams.packed_timeline import pack_timeline
from lienthong_streams.partition import LONGEST_TIMELINE
from tests.support.cases import CASE, POLICY, STATES, event, minute


def test_a_case_of_the_largest_size_fits_into_a_record() -> None:
    """What is kept of a case at the bound, everything about it flagged, is below what a broker takes."""
    events = [event(seq, "4" if seq % 2 else "5", seq, due=60 + seq, step=f"step {seq}") for seq in range(1, 1001)]
    timeline = [Known(one, one.occurred_at) for one in events]
    packed = pack_timeline(timeline)
    state = CaseState(CASE, packed)
    rules = Rules(ReferenceBook((STATES, POLICY), 2))
    diff(CASE, state.standing, state.withdrawals, fold_of(state.progress(rules), minute(10_000), {}))
    assert len(encode_state(state)) * LONGEST_TIMELINE / len(packed) < MAX_RECORD_BYTES
