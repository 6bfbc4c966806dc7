"""The documents and the code say the same: verbs, settings, metrics, alerts, exit codes, decisions, runbooks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from lienthong.command_tree import verbs
from lienthong_infra import exit_codes
from lienthong_infra.settings import TEST_VARIABLE_PREFIX, VARIABLE_PREFIX, Settings
from tests.support.source_tree import ROOT, repository_files, text_of

DOCS = ROOT / "docs"
DOCUMENTS = [path for path in repository_files() if path.suffix == ".md" and not path.is_relative_to(ROOT / "tests")]
VERBS = [verb.name for verb in verbs()]
RULES = ROOT / "infra" / "deploy" / "prometheus" / "rules" / "lienthong.rules.yml"
ALERTS = [rule["alert"] for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
PACKAGES = {f"lienthong_{name}" for name in ("schemas", "infra", "producers", "streams", "consumers")}


def read(name: str) -> str:
    """The text of a document."""
    return (ROOT / name).read_text(encoding="utf-8")


def mentioned(pattern: str) -> dict[str, str]:
    """What the documents mention, and where first: a match's only group, or all of it."""
    found: dict[str, str] = {}
    for path in DOCUMENTS:
        for match in re.findall(pattern, text_of(path) or ""):
            found.setdefault(match, str(path.relative_to(ROOT)))
    return found


def test_every_verb_stands_in_the_readme() -> None:
    """By the first two words: a group of verbs is one line."""
    text = read("README.md")
    missing = {" ".join(verb.split()[:2]) for verb in VERBS} - set(re.findall(r"`(lienthong [a-z-]+)", text))
    assert missing == set()


def commands_in(text: str) -> set[str]:
    """Whole commands in a document: in backticks, or at the beginning of a line of an example."""
    found = re.findall(r"(?:`|^)(?:\.venv/bin/)?(lienthong(?: [a-z][a-z-]+)+)", text, re.MULTILINE)
    groups = {" ".join(verb.split()[:2]) for verb in VERBS if len(verb.split()) == 3}
    return {" ".join(each.split()[: 3 if " ".join(each.split()[:2]) in groups else 2]) for each in found}


def test_every_command_that_the_documents_mention_exists() -> None:
    """A command that was renamed is of no help in an outage."""
    known = {*VERBS, *(" ".join(verb.split()[:2]) for verb in VERBS)}
    wrong = {(str(path.relative_to(ROOT)), each) for path in DOCUMENTS for each in commands_in(text_of(path) or "")}
    assert {(place, each) for place, each in wrong if each not in known} == set()


def test_a_command_is_recognised_in_a_document() -> None:
    """Otherwise the test above would look at nothing."""
    text = "Run `lienthong topics plan --json`, not lienthong nothing:\n\n    x\n\nlienthong doctor   # sound?\n"
    assert commands_in(text) == {"lienthong topics plan", "lienthong doctor"}


def test_every_setting_is_documented() -> None:
    """And no other variable is mentioned anywhere, in code or documents."""
    known = {VARIABLE_PREFIX + name.upper() for name in Settings.model_fields}
    assert known == set(re.findall(r"`(LIENTHONG_[A-Z_]+)`", read("docs/reference/settings.md")))
    used = {
        name
        for path in repository_files()
        if not path.is_relative_to(ROOT / "tests")
        for name in re.findall(r"\bLIENTHONG_[A-Z]+(?:_[A-Z]+)*\b", text_of(path) or "")
        if not name.startswith(TEST_VARIABLE_PREFIX.rstrip("_"))
    }
    assert used - known == set()


def metric_names() -> set[str]:
    """Every metric on the reference page, which is written from the code."""
    page = read("docs/reference/metrics.md")
    return {name.removesuffix("_total") for name in re.findall(r"^\| `(lienthong_\w+)`", page, re.MULTILINE)}


def test_every_metric_that_the_documents_mention_exists() -> None:
    """The suffix of counters is left out."""
    named = {name.removesuffix("_total"): place for name, place in mentioned(r"`(lienthong_\w+)").items()}
    assert {name: place for name, place in named.items() if name not in metric_names() | PACKAGES} == {}


def test_every_metric_made_in_the_code_is_on_the_reference_page() -> None:
    """A metric nobody can look up is noise."""
    pattern = r"(?:Counter|Gauge|Histogram|Summary|MetricSpec)\(\s*\"(lienthong_\w+)\""
    made = {
        name.removesuffix("_total")
        for path in repository_files()
        if path.suffix == ".py" and not path.is_relative_to(ROOT / "tests")
        for name in re.findall(pattern, text_of(path) or "")
    }
    assert made - metric_names() == set()
    assert made != set()


def test_every_alert_is_documented_and_no_other() -> None:
    """In the table of the page about status."""
    assert set(re.findall(r"^\| `(Lienthong\w+)`", read("docs/operate/status.md"), re.MULTILINE)) == set(ALERTS)
    assert {name: place for name, place in mentioned(r"`(Lienthong\w+)`").items() if name not in ALERTS} == {}


def test_every_runbook_is_led_to() -> None:
    """By an alert; a runbook that nothing leads to is out of date."""
    led_to = set(re.findall(r"docs/operate/runbooks/([\w-]+\.md)", RULES.read_text(encoding="utf-8")))
    assert {path.name for path in (DOCS / "operate" / "runbooks").iterdir()} == led_to


def test_every_exit_code_is_documented() -> None:
    """In the table of the page about operating."""
    codes = {value for name, value in vars(exit_codes).items() if name.isupper()}
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", read("docs/operate/index.md"), re.MULTILINE)}
    assert codes <= documented


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_all_its_parts(path: Path) -> None:
    """Its number is that of its file."""
    text = path.read_text(encoding="utf-8")
    parts = ("**Context.**", "**Decision.**", "**Consequences.**", "**Rejected.**")
    assert [part for part in parts if part not in text] == []
    assert text.startswith(f"# {path.name[:4]} ")


def test_decisions_are_numbered_without_gaps() -> None:
    """So that a missing one is seen."""
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
