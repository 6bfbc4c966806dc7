"""Days off are data: the library that computes them is asked by one module only."""

from tests.support.source_tree import ROOT, imported_modules, python_files, tree_of


def test_only_the_compiler_of_calendars_asks_the_library_of_holidays() -> None:
    """Otherwise a deadline would depend on the version of a library."""
    asking = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if any(name.split(".")[0] == "holidays" for name in imported_modules(tree_of(path)))
    ]
    assert asking == ["infra/lienthong_infra/holiday_calendar.py"]
