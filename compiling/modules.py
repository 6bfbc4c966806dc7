"""Which modules are compiled. All others of their packages are taken as they are.

Left as Python: models of pydantic; what keeps a client, a file or a weak reference; errors and protocols, from which
code outside is derived; the generator of the codec's readers and writers, which is asked once for each of them
(``compiling.ready`` lets it make those of the worker beforehand); what is used once and not for each event.
"""

from __future__ import annotations

from typing import Final

PACKAGES: Final = ("schemas/lienthong_schemas", "streams/lienthong_streams")
"""Folders below the root; they stand in the build under their last name."""

COMPILED: Final = (
    *(
        f"lienthong_schemas/{name}.py"
        for name in (
            "avro_calls",
            "avro_compiled",
            "avro_ready",
            "avro_varints",
            "calendar_table",
            "case_event",
            "case_marks",
            "codec",
            "identity",
            "instants",
            "partial_totals",
            "policy_due",
            "policy_levels",
            "records",
            "usual_event",
            "worker_event",
        )
    ),
    *(
        f"lienthong_streams/{name}.py"
        for name in (
            "announce",
            "calm_case",
            "case_clocks",
            "case_state",
            "case_store",
            "deadline_index",
            "office_counts",
            "packed_calm",
            "packed_standing",
            "packed_timeline",
            "packed_values",
            "partial_figures",
            "position",
        )
    ),
    *(
        f"lienthong_streams/domain/{name}.py"
        for name in (
            "act",
            "announcements",
            "calm",
            "changes",
            "data_findings",
            "due",
            "episode",
            "facts",
            "figures",
            "fold",
            "foresight",
            "judge",
            "outlook",
            "packing",
            "passage",
            "passage_clocks",
            "processing",
            "progress",
            "rules",
            "side_clocks",
            "terms",
            "timeline",
            "walk",
        )
    ),
)
"""Paths within a build."""
