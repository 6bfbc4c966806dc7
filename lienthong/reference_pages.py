"""The generated pages of ``docs/reference``: what the code knows about itself. ``make docs`` writes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from lienthong.asyncapi import asyncapi_page
from lienthong_infra.placement import WrongPartition
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import fingerprint_of, packaged_schema
from lienthong_schemas.errors import BrokenRule, NotSingleObject, Undecodable, UnknownFingerprint, WrongSchema
from lienthong_schemas.reference import States, parse_body
from lienthong_schemas.reference_files import load_reference
from lienthong_schemas.topic_spec import Role, TopicSpec

MADE: Final = "<!-- Written by `make docs`; change the source named below instead. -->"


def _page(title: str, source: str, *parts: Iterable[str]) -> str:
    lines = [f"# {title}", "", MADE, "", f"Source: {source}."]
    for part in parts:
        lines.extend(["", *part])
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *escaped)]


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"


def topics_page() -> str:
    """Every topic: what it is, whose, who meets there, how it is kept."""
    catalogue = load_catalogue()
    parts: list[list[str]] = [
        ["Names are without the bus's prefix: `dossier.v1` of the bus `h27` is `h27.dossier.v1` on its cluster."]
    ]
    titles: Mapping[Role, str] = {"case": "Case topics", "bus": "Topics of the bus itself"}
    for role, title in titles.items():
        parts.append([f"## {title}"])
        parts.extend(_topic(spec) for spec in catalogue.of_role(role))
    for role, title in (("dead-letter", "Dead-letter topics"), ("changelog", "Changelogs (internal)")):
        parts.append([f"## {title}", "", catalogue.of_role(role)[0].description])
        rows = [
            (f"`{spec.name}`", f"`{spec.belongs_to}`", str(spec.config.partitions), spec.data.personal)
            for spec in catalogue.of_role(role)
        ]
        parts.append(_table(("topic", "serves", "partitions", "personal data"), rows))
    return _page("Topics", "`schemas/lienthong_schemas/topics/`", *parts)


def _topic(spec: TopicSpec) -> list[str]:
    config = spec.config
    kept = "compacted" if config.cleanup == "compact" else f"kept {config.retention}"
    stamps = "the broker's time of append" if config.timestamps == "append" else "the writer's time"
    rows = [
        ("owner", spec.owner),
        ("data", f"{spec.data.classification}; personal: {spec.data.personal}"),
        ("legal basis", spec.data.legal_basis),
        ("written by", _code(spec.producers)),
        ("read by", _code(spec.consumers)),
        ("key", spec.key),
        ("schemas", "reserved: nothing is written yet" if spec.reserved else _code(spec.schemas)),
        ("partitions", str(config.partitions)),
        ("on the broker", f"{kept}; {stamps}; messages up to {config.max_message_bytes} bytes"),
        ("dead letters", f"`{spec.dead_letter}`"),
    ]
    return [f"### `{spec.name}`", "", f"{spec.title}. {spec.description}", "", *_table(("", ""), rows)]


def schemas_page() -> str:
    """Every Avro schema with its fields."""
    parts: list[list[str]] = [
        [
            "A value is Avro in single-object encoding: `C3 01`, the CRC-64-AVRO fingerprint (eight bytes, as written",
            "below), the record. Instants are microseconds since 1970-01-01T00:00Z. Released schemas never change.",
        ]
    ]
    topics = load_catalogue().topics.values()
    for topic in topics:
        for name in () if topic.same_record_as else topic.schemas:
            schema = packaged_schema(name)
            carriers = " and ".join(f"`{each.name}`" for each in topics if name in each.schemas)
            parts.append([f"## `{name}`", "", f"{schema['doc']} Topic {carriers}, fingerprint"])
            parts[-1][-1] += f" `{fingerprint_of(schema).hex()}`."
            rows = [(f"`{field['name']}`", _type(field["type"]), field.get("doc", "")) for field in schema["fields"]]
            parts.append(_table(("field", "type", "meaning"), rows))
    return _page("Schemas", "`schemas/lienthong_schemas/avro/`", *parts)


def _type(schema: Any) -> str:
    if isinstance(schema, list):
        return " or ".join(_type(branch) for branch in schema)
    if isinstance(schema, str):
        return schema
    if schema.get("logicalType") == "timestamp-micros":
        return "instant"
    if schema["type"] == "record":
        return f"{schema['name']} ({', '.join(field['name'] for field in schema['fields'])})"
    if schema["type"] == "map":
        return f"map of {_type(schema['values'])}"
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    return _type(schema["type"])


def states_page() -> str:
    """The tables of states of the set ``vn``."""
    parts: list[list[str]] = [
        [
            "What each state does to the clock: it has not started yet (waiting), runs, stands still (paused), ends",
            "by handling (ended), or ends without being judged (stopped). A change of state that the table does not",
            "name is kept and flagged as a finding, never dropped.",
        ]
    ]
    for entry in load_reference("vn"):
        body = parse_body(entry.record(None))
        if isinstance(body, States):
            rows = [
                (f"`{state}`", body.labels.get(state, ""), effect, _code(body.transitions.get(state, ())))
                for state, effect in sorted(body.effects.items(), key=_in_flow(body))
            ]
            parts.append([f"## {body.case_kind}", "", f"Begins in {_code(body.initial)}. {body.source}."])
            parts.append(_table(("state", "Vietnamese", "clock", "may be followed by"), rows))
    return _page("States", "`schemas/lienthong_schemas/reference_data/vn/states.yaml`", *parts)


def _in_flow(states: States) -> Callable[[tuple[str, str]], int]:
    """Codes of a national list by number; names in the order in which a case comes to them."""
    if all(state.isdigit() for state in states.effects):
        return lambda row: int(row[0])
    order = list(states.initial)
    for state in order:  # grows while it is walked
        order.extend(after for after in states.transitions.get(state, ()) if after not in order)
    return lambda row: order.index(row[0])


def findings_page() -> str:
    """Every finding that the engine can make, and every reason of a dead letter."""
    from lienthong_streams.domain.facts import FINDING_CODES

    intro = [
        "What is wrong in the data of a case is kept and flagged on `quality.v1`. A finding is raised once, and",
        "withdrawn by name when it no longer holds.",
    ]
    findings = [(f"`{code}`", text) for code, text in FINDING_CODES.items()]
    reasons = [
        (f"`{error.code}`", inspect.cleandoc(error.__doc__ or "").splitlines()[0])
        for error in (NotSingleObject, UnknownFingerprint, WrongSchema, Undecodable, BrokenRule, WrongPartition)
    ]
    return _page(
        "Findings and reasons of dead letters",
        "`streams/lienthong_streams/domain/facts.py`, `schemas/lienthong_schemas/errors.py`",
        intro,
        _table(("finding", "meaning"), findings),
        [
            "## Reasons of dead letters",
            "",
            "A record that cannot be taken goes to its dead-letter topic, byte for byte.",
        ],
        _table(("code", "meaning"), reasons),
    )


def metrics_page() -> str:
    """Every metric of the exporter and of the workers."""
    from lienthong_consumers.exporter.metric_catalogue import CATALOGUE

    intro = [
        "What `lienthong exporter` sees of a bus from outside; the alerts rest on it. All are gauges and carry the",
        "label `bus`. Without the sources it needs a metric has no series.",
    ]
    rows = [(f"`{one.name}`", _code(one.labels), _code(one.needs), one.text) for one in CATALOGUE]
    table = _table(("metric", "labels", "needs", "meaning"), rows)
    workers = ["## Workers", "", "What a worker says of itself on `LIENTHONG_METRICS_PORT`. Counters end in `_total`."]
    return _page(
        "Metrics",
        "`consumers/lienthong_consumers/exporter/metric_catalogue.py`, "
        "`consumers/lienthong_consumers/ledger/sink_metrics.py`, "
        "`consumers/lienthong_consumers/ledger/publish_metrics.py`, `streams/lienthong_streams/host_metrics.py`, "
        "`streams/lienthong_streams/case_metrics.py`, `streams/lienthong_streams/barrier_metrics.py`, "
        "`streams/lienthong_streams/totals_metrics.py`",
        intro,
        table,
        workers,
        _table(("metric", "kind", "meaning"), worker_metrics()),
    )


def worker_metrics() -> list[tuple[str, str, str]]:
    """Name, kind and meaning of each metric of the stream workers, the ledger and its publisher."""
    from prometheus_client import CollectorRegistry

    from lienthong_consumers.ledger.publish_metrics import PublishMetrics
    from lienthong_consumers.ledger.sink_metrics import SinkMetrics
    from lienthong_schemas.codec import SchemaBook
    from lienthong_streams.barrier_metrics import BarrierMetrics
    from lienthong_streams.barriers import Barriers
    from lienthong_streams.case_metrics import CaseMetrics
    from lienthong_streams.host_metrics import HostMetrics
    from lienthong_streams.totals_metrics import TotalsMetrics

    registry = CollectorRegistry()
    HostMetrics("", registry)
    CaseMetrics("", registry)
    BarrierMetrics("", Barriers(SchemaBook()), registry)
    TotalsMetrics("", registry)
    SinkMetrics("", registry)
    PublishMetrics("", registry)
    ours = [family for family in registry.collect() if family.name.startswith("lienthong_")]
    return [(f"`{one.name}`", one.type, one.documentation) for one in ours]


def settings_page() -> str:
    """Every setting of commands and workers."""
    from lienthong_infra.settings import VARIABLE_PREFIX, Settings

    intro = ["Settings are environment variables. An empty one counts as not set; all faults are reported at once."]
    rows = [
        (f"`{VARIABLE_PREFIX}{name.upper()}`", field.description or "") for name, field in Settings.model_fields.items()
    ]
    return _page("Settings", "`infra/lienthong_infra/settings.py`", intro, _table(("variable", "meaning"), rows))


def commands_page() -> str:
    """Every verb of the command line with its arguments and options."""
    from lienthong.command_tree import verbs

    intro = ["Every verb also says this with `--help`. Settings that all of them read: [settings.md](settings.md)."]
    parts: list[list[str]] = [intro]
    for verb in verbs():
        parts.append([f"## `{verb.name}`", "", verb.help])
        if verb.options:
            parts.append(_table(("", "default", "meaning"), verb.options))
    return _page("Commands", "`lienthong/cli/`", *parts)


def explanation_page() -> str:
    """The JSON form of an explanation."""
    from lienthong.explain.form_page import parts_of, rows_of

    parts: list[list[str]] = [
        [
            "What `lienthong explain --json` prints; [late.md](../late.md) is for people. Instants are ISO 8601 in",
            "UTC, seconds are whole numbers unless there is a fraction.",
        ]
    ]
    for part in parts_of():
        doc = inspect.cleandoc(part.__doc__ or "")
        parts.append([f"## {part.__name__.removesuffix('Part')}", "", doc])
        parts.append(_table(("field", "type", "meaning"), rows_of(part)))
    return _page("The JSON form of an explanation", "`lienthong/explain/document.py`", *parts)


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "topics.md": topics_page,
    "schemas.md": schemas_page,
    "states.md": states_page,
    "findings.md": findings_page,
    "explanation.md": explanation_page,
    "metrics.md": metrics_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
    "asyncapi.json": asyncapi_page,
}
"""Each page of ``docs/reference`` and what writes it."""
