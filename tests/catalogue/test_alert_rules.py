"""The alert rules: each fires and keeps silent as its tests say, leads somewhere and rests on a metric that exists."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lienthong.status.judge import COMPARED_LIMIT, OFFICE_LIMIT, PUBLISHED_LIMIT, TICK_LIMIT
from lienthong_consumers.exporter.metric_catalogue import CATALOGUE
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND
from tests.support.promtool import run, tool
from tests.support.source_tree import ROOT

DEPLOY = ROOT / "infra" / "deploy"
RULES_FILE = DEPLOY / "prometheus" / "rules" / "lienthong.rules.yml"
TEST_FILES = sorted((DEPLOY / "prometheus" / "tests").glob("*.yml"))
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
BY_ALERT = {rule["alert"]: rule for rule in RULES}
LABELS = {spec.name: {"bus", *spec.labels} for spec in CATALOGUE}
WATCHDOG = "LienthongWatchdog"


def metrics_in(rule: dict[str, Any]) -> set[str]:
    """Names of all metrics in a rule's expression."""
    return set(re.findall(r"\blienthong_\w+", rule["expr"]))


def promtool_tests_of(alert: str) -> list[dict[str, Any]]:
    """The promtool tests that look at an alert."""
    tests = [test for path in TEST_FILES for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]]
    return [test for test in tests if any(check["alertname"] == alert for check in test["alert_rule_test"])]


def lacks_data(test: dict[str, Any], metrics: set[str]) -> bool:
    """Whether a test gives no series of some of the metrics, or lets one of them end."""
    given = {series["series"].split("{")[0] for series in test["input_series"]}
    return not metrics <= given or any("stale" in str(series["values"]) for series in test["input_series"])


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.name)
def test_the_alerts_do_what_their_tests_say(path: Path) -> None:
    """Run by promtool, as Prometheus itself evaluates them."""
    outcome = run(tool("promtool"), "test", "rules", path)
    assert outcome.good, outcome.text


def test_rules_and_configuration_are_valid() -> None:
    """For the version of Prometheus that Debian ships."""
    outcome = run(tool("promtool"), "check", "config", DEPLOY / "prometheus" / "prometheus.yml")
    assert outcome.good, outcome.text


def test_the_configuration_of_the_messages_is_valid() -> None:
    """For Alertmanager."""
    amtool = tool("amtool", package="prometheus-alertmanager")
    outcome = run(amtool, "check-config", DEPLOY / "alertmanager" / "alertmanager.yml")
    assert outcome.good, outcome.text


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=LienthongBreach", "commune=18073"), "offices"),
        (("alertname=LienthongWatchdog",), "dead-mans-switch"),
        (("alertname=LienthongWorkerStuck",), "operators"),
    ],
)
def test_messages_go_to_those_who_can_do_something(labels: tuple[str, ...], receiver: str) -> None:
    """An overdue case is not the operators' business."""
    amtool = tool("amtool", package="prometheus-alertmanager")
    configuration = DEPLOY / "alertmanager" / "alertmanager.yml"
    outcome = run(amtool, "config", "routes", "test", f"--config.file={configuration}", *labels, "bus=h27")
    assert outcome.text.split()[0] == receiver


def test_status_and_alerts_have_the_same_limits() -> None:
    """What one calls wrong the other does too."""
    limits = {
        "LienthongTickerSilent": TICK_LIMIT,
        "LienthongTicksNotApplied": TICK_LIMIT,
        "LienthongOfficeSilent": OFFICE_LIMIT,
        "LienthongOfficialFiguresBehind": PUBLISHED_LIMIT,
    }
    in_rules = {alert: int(BY_ALERT[alert]["expr"].rsplit("> ", 1)[1]) for alert in limits}
    assert in_rules == {alert: limit // MICROSECONDS_PER_SECOND for alert, limit in limits.items()}
    assert int(BY_ALERT["LienthongFiguresNotCompared"]["expr"].rsplit("> ", 1)[1]) == COMPARED_LIMIT


@pytest.mark.parametrize(
    ("expression", "good"), [("vector(1) > 2", set[str]()), ("vector(1)", {WATCHDOG})], ids=["never", "always"]
)
def test_rules_that_never_or_always_fire_are_found_out(expression: str, good: set[str], tmp_path: Path) -> None:
    """The tests of the rules can fail: with every rule broken, every rule's tests do."""
    promtool = tool("promtool")
    shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus")
    rules = tmp_path / "prometheus" / "rules" / RULES_FILE.name
    broken = re.sub(r"expr: (\|\n( {10}.*\n)+|.*\n)", f"expr: {expression}\n", rules.read_text(encoding="utf-8"))
    rules.write_text(broken, encoding="utf-8")
    assert run(promtool, "check", "rules", rules).good
    outcome = run(promtool, "test", "rules", *(tmp_path / "prometheus" / "tests" / path.name for path in TEST_FILES))
    assert set(re.findall(r"alertname:\s*(\w+)", outcome.text)) == set(BY_ALERT) - good


@pytest.mark.parametrize("alert", sorted(set(BY_ALERT) - {WATCHDOG}))
def test_each_alert_is_tested_to_fire_and_to_keep_silent(alert: str) -> None:
    """The watchdog alone has nothing to keep silent about."""
    checks = [
        check for test in promtool_tests_of(alert) for check in test["alert_rule_test"] if check["alertname"] == alert
    ]
    assert {bool(check["exp_alerts"]) for check in checks} == {True, False}


@pytest.mark.parametrize("alert", sorted(set(BY_ALERT) - {WATCHDOG}))
def test_each_alert_is_tested_without_data(alert: str) -> None:
    """What an alert does for want of data is decided, not left to chance."""
    assert any(lacks_data(test, metrics_in(BY_ALERT[alert])) for test in promtool_tests_of(alert))


@pytest.mark.parametrize("alert", sorted(BY_ALERT))
def test_each_alert_says_how_long_how_bad_and_what_to_do(alert: str) -> None:
    """Whoever is woken finds the rest in the runbook, which knows the alert by its name."""
    rule = BY_ALERT[alert]
    assert {"for", "labels", "annotations"} <= set(rule)
    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    assert {"summary", "description", "runbook"} == set(rule["annotations"])
    assert alert in (ROOT / rule["annotations"]["runbook"]).read_text(encoding="utf-8")


@pytest.mark.parametrize("alert", sorted(BY_ALERT))
def test_each_alert_rests_on_metrics_and_labels_that_exist(alert: str) -> None:
    """An alert on a misspelt metric would never fire, and nobody would notice."""
    used = metrics_in(BY_ALERT[alert])
    assert used <= set(LABELS)
    grouped = {label for found in re.findall(r"by \(([^)]*)\)", BY_ALERT[alert]["expr"]) for label in found.split(", ")}
    matched = set(re.findall(r"[{,]\s*(\w+)\s*(?:=|!|~)", BY_ALERT[alert]["expr"]))
    known = {label for metric in used for label in LABELS[metric]}
    assert grouped | matched <= known
