"""The domain is pure: it imports the standard library without clock, system and network, and the contract."""

import sys

from tests.support.source_tree import ROOT, imported_modules, python_files, tree_of

COLUMNS = ("producers", "streams", "consumers")
IMPURE = {
    "asyncio", "concurrent", "ctypes", "http", "importlib", "logging", "multiprocessing", "os", "pathlib",
    "random", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib",
}  # fmt: skip
SEEDED = {"producers/lienthong_producers/domain/simulation/chance.py": {"random", "random.Random"}}
"""The one module that draws lots, each stream from a seed, and the one class that it may take for that."""
ALLOWED = (set(sys.stdlib_module_names) - IMPURE) | {"lienthong_schemas"}


def test_the_domain_imports_only_pure_modules() -> None:
    """What it needs from outside is an argument, the present time too."""
    impure = [
        f"{path.relative_to(ROOT)}: {module}"
        for column in COLUMNS
        for path in python_files()
        if path.is_relative_to(ROOT / column / f"lienthong_{column}" / "domain")
        for module in imported_modules(tree_of(path))
        if module.split(".")[0] not in ALLOWED and not module.startswith(f"lienthong_{column}.domain")
        if module not in SEEDED.get(str(path.relative_to(ROOT)), ())
    ]
    assert impure == []


def test_every_column_has_a_domain() -> None:
    """Otherwise the test above would look at nothing."""
    missing = [column for column in COLUMNS if not (ROOT / column / f"lienthong_{column}" / "domain").is_dir()]
    assert missing == []
