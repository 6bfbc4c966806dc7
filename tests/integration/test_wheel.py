"""The wheel that users install."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support.source_tree import ROOT, repository_files

COLUMNS = ("schemas", "infra", "producers", "streams", "consumers")


def expected_names() -> set[str]:
    """Every file inside a package, under the name it has once installed."""
    names = set()
    for path in repository_files():
        parts = path.relative_to(ROOT).parts
        if parts[0] == "lienthong":
            names.add("/".join(parts))
        elif parts[0] in COLUMNS and parts[1] == f"lienthong_{parts[0]}":
            names.add("/".join(parts[1:]))
    return names


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    """Code, schemas, examples, migrations, demo data, type marks: nothing is left behind."""
    order = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(order, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == expected_names()
