"""Settings of every command and worker, read from the environment; all faults are reported at once."""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from lienthong_infra.errors import ConfigurationError

VARIABLE_PREFIX = "LIENTHONG_"
TEST_VARIABLE_PREFIX = "LIENTHONG_TEST_"
"""Variables of the tests; no setting, so never reported as unknown."""

_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):(?P<port>[0-9]{1,5})")
_MAX_PORT = 65_535


def _addresses(text: str) -> str:
    parts = [part.strip() for part in text.split(",")] if text else []
    for part in parts:
        match = _ADDRESS.fullmatch(part)
        if match is None or not 1 <= int(match["port"]) <= _MAX_PORT:
            raise ValueError
    return ",".join(parts)


def _dsn(text: str) -> str:
    if text and not text.startswith(("postgresql://", "postgres://")):
        raise ValueError
    return text


def _web_address(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise ValueError
    return text


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _data_home() -> Path:
    return platformdirs.user_data_path("lienthong")


def _cache_home() -> Path:
    return platformdirs.user_cache_path("lienthong")


class Settings(BaseModel):
    """What a deployment may set. Each field is the variable `LIENTHONG_<FIELD>`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    bootstrap: Annotated[str, AfterValidator(_addresses)] = Field(
        default="", description="host:port of one or more Kafka brokers, separated by commas; empty = embedded broker"
    )
    ledger_dsn: Annotated[str, AfterValidator(_dsn)] = Field(
        default="", repr=False, description="postgresql://user:password@host:port/database; empty = embedded server"
    )
    prefix: str = Field(
        default="h27",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$",
        description="lower-case letters, digits and '-' inside, at most 32 characters",
    )
    home: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=_data_home, description="a folder for the data of the embedded servers"
    )
    cache: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=_cache_home, description="a folder for downloaded parts of the embedded broker"
    )
    metrics_port: int = Field(
        default=0, ge=0, le=_MAX_PORT, description="a whole number from 0 to 65535; 0 = no metrics"
    )
    closed_days: int = Field(
        default=7,
        ge=0,
        le=36_500,
        description="days that a stream worker keeps a closed case in memory; after that it lies on the local disk",
    )
    maven_repository: Annotated[str, AfterValidator(_web_address)] = Field(
        default="", description="http(s) address of a mirror of Maven Central; empty = Maven Central"
    )


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (default: the process's environment); an empty variable counts as not set.

    Raises `ConfigurationError` that names every wrong or unknown variable and what is expected of it.
    """
    given = {
        name.removeprefix(VARIABLE_PREFIX).lower(): value
        for name, value in (os.environ if environ is None else environ).items()
        if name.startswith(VARIABLE_PREFIX) and not name.startswith(TEST_VARIABLE_PREFIX) and value
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise ConfigurationError([_fault(str(each["loc"][0])) for each in error.errors()]) from None


def _fault(field: str) -> str:
    """Say which variable is wrong and what is expected, never what was given: a DSN holds a password."""
    name = VARIABLE_PREFIX + field.upper()
    if field in Settings.model_fields:
        return f"{name}: expected {Settings.model_fields[field].description}"
    near = difflib.get_close_matches(field, Settings.model_fields, n=1)
    hint = f"; did you mean {VARIABLE_PREFIX}{near[0].upper()}?" if near else ""
    return f"{name}: no such setting{hint}"
