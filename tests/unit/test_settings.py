"""Settings: defaults, and every fault reported at once."""

from pathlib import Path

import pytest

from lienthong_infra import exit_codes
from lienthong_infra.errors import ConfigurationError
from lienthong_infra.settings import Settings, load_settings


def problems_of(environ: dict[str, str]) -> list[str]:
    """Return the problems that these variables raise."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ)
    return list(caught.value.problems)


def test_nothing_set_means_embedded_servers() -> None:
    """Without any variable the embedded servers and the default prefix are used."""
    settings = load_settings({})
    assert (settings.bootstrap, settings.ledger_dsn, settings.prefix, settings.metrics_port) == ("", "", "h27", 0)


def test_an_empty_variable_counts_as_not_set() -> None:
    """Deployments often leave a variable empty; that is the default, not a fault."""
    assert load_settings({"LIENTHONG_METRICS_PORT": "", "LIENTHONG_PREFIX": ""}) == load_settings({})


def test_every_variable_is_read() -> None:
    """Each variable ends up in its field, in the field's type."""
    given = {
        "LIENTHONG_BOOTSTRAP": "kafka-1:9092, [::1]:9093",
        "LIENTHONG_LEDGER_DSN": "postgresql://u:p@db/ledger",
        "LIENTHONG_PREFIX": "province-27",
        "LIENTHONG_HOME": "/srv/bus",
        "LIENTHONG_CACHE": "/srv/cache",
        "LIENTHONG_METRICS_PORT": "9464",
        "LIENTHONG_CLOSED_DAYS": "30",
        "LIENTHONG_MAVEN_REPOSITORY": "https://mirror.example/maven",
    }
    expected = {
        "bootstrap": "kafka-1:9092,[::1]:9093",
        "ledger_dsn": "postgresql://u:p@db/ledger",
        "prefix": "province-27",
        "home": Path("/srv/bus"),
        "cache": Path("/srv/cache"),
        "metrics_port": 9464,
        "closed_days": 30,
        "maven_repository": "https://mirror.example/maven",
    }
    assert load_settings(given).model_dump() == expected


def test_all_faults_are_reported_at_once() -> None:
    """One start shows every wrong variable with what is expected of it."""
    problems = problems_of(
        {
            "LIENTHONG_BOOTSTRAP": "localhost",
            "LIENTHONG_LEDGER_DSN": "mysql://u:p@db/x",
            "LIENTHONG_PREFIX": "Bắc Ninh",
            "LIENTHONG_METRICS_PORT": "70000",
            "LIENTHONG_MAVEN_REPOSITORY": "mirror",
        }
    )
    assert [problem.split(":")[0] for problem in problems] == [
        "LIENTHONG_BOOTSTRAP",
        "LIENTHONG_LEDGER_DSN",
        "LIENTHONG_PREFIX",
        "LIENTHONG_METRICS_PORT",
        "LIENTHONG_MAVEN_REPOSITORY",
    ]
    assert "LIENTHONG_METRICS_PORT: expected a whole number from 0 to 65535; 0 = no metrics" in problems


def test_a_fault_never_shows_what_was_given() -> None:
    """A wrong DSN may hold a password; it must not get into a log."""
    assert "secret" not in "".join(problems_of({"LIENTHONG_LEDGER_DSN": "mysql://u:secret@db/x"}))


def test_a_misspelt_variable_is_a_fault_with_a_hint() -> None:
    """A typing error in a name must not silently start an embedded broker."""
    assert problems_of({"LIENTHONG_BOOSTRAP": "a:1"}) == [
        "LIENTHONG_BOOSTRAP: no such setting; did you mean LIENTHONG_BOOTSTRAP?"
    ]


@pytest.mark.parametrize("address", ["a:0", "a:65536", ":9092", "a:b", "a:1,,b:2", "a:1 b:2"])
def test_a_wrong_broker_address_is_refused(address: str) -> None:
    """Every part of the list must be a host and a port from 1 to 65535."""
    assert [problem.split(":")[0] for problem in problems_of({"LIENTHONG_BOOTSTRAP": address})] == [
        "LIENTHONG_BOOTSTRAP"
    ]


def test_a_wrong_setting_ends_with_the_code_for_configuration() -> None:
    """A supervisor must not restart a process whose configuration is wrong."""
    assert ConfigurationError(["x"]).exit_code == exit_codes.CONFIGURATION_WRONG == 78


def test_the_password_is_not_in_the_text_of_the_settings() -> None:
    """Settings may be logged at start."""
    assert "p4ss" not in repr(Settings(ledger_dsn="postgresql://u:p4ss@db/ledger"))
