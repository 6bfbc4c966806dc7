"""Small files and functions: the budgets of the house, measured. A reason stands beside each exception."""

import statistics

from tests.support.source_tree import ROOT, Function, functions_of, imported_modules, python_files, tree_of

FILE_LINES = 400
FILE_LINES_MEDIAN = 120
FUNCTION_LINES = 50
FUNCTION_LINES_P90 = 25
PARAMETERS = 6
FORBIDDEN_NAMES = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}

# Place ("folder/file.py" or "folder/file.py:function") -> the reason why it may exceed its budget.
EXCEPTIONS: dict[str, str] = {}


def every_function() -> list[Function]:
    """All functions of code and tests."""
    return [function for path in python_files() for function in functions_of(path)]


def lines_of_files() -> dict[str, int]:
    """Lines per file; empty and package files say nothing about size."""
    return {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in python_files()
        if path.name != "__init__.py"
    }


def test_no_file_is_too_long() -> None:
    """A file that grows past its budget holds more than one idea."""
    assert {name: n for name, n in lines_of_files().items() if n > FILE_LINES and name not in EXCEPTIONS} == {}


def test_the_usual_file_is_short() -> None:
    """The median, so that a few long files do not hide behind many short ones."""
    assert statistics.median(lines_of_files().values()) <= FILE_LINES_MEDIAN


def test_no_function_is_too_long() -> None:
    """Every function fits on a screen."""
    long = {each.place: each.lines for each in every_function() if each.lines > FUNCTION_LINES}
    assert {place: lines for place, lines in long.items() if place not in EXCEPTIONS} == {}


def test_the_usual_function_is_short() -> None:
    """Nine of ten functions."""
    lines = [each.lines for each in every_function()]
    assert statistics.quantiles(lines, n=10)[-1] <= FUNCTION_LINES_P90


def test_no_function_has_too_many_parameters() -> None:
    """What belongs together becomes a class."""
    wide = {each.place: each.parameters for each in every_function() if each.parameters > PARAMETERS}
    assert {place: count for place, count in wide.items() if place not in EXCEPTIONS} == {}


def test_every_exception_is_still_needed() -> None:
    """An exception whose place is gone or has become small is taken out."""
    sizes = lines_of_files()
    functions = {each.place: each for each in every_function()}
    idle = [
        place
        for place in EXCEPTIONS
        if sizes.get(place, 0) <= FILE_LINES
        and (
            place not in functions
            or (functions[place].lines <= FUNCTION_LINES and functions[place].parameters <= PARAMETERS)
        )
    ]
    assert idle == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    """A module is named after its one idea."""
    parts = {(str(path.relative_to(ROOT)), part) for path in python_files() for part in path.relative_to(ROOT).parts}
    assert [name for name, part in sorted(parts) if part.removesuffix(".py") in FORBIDDEN_NAMES] == []


def test_unit_and_contract_tests_use_no_mock() -> None:
    """Fakes stand behind ports; a mock only repeats what the code does."""
    folders = (ROOT / "tests" / "unit", ROOT / "tests" / "contract")
    mocking = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if any(path.is_relative_to(folder) for folder in folders)
        and any(name.split(".")[:2] == ["unittest", "mock"] for name in imported_modules(tree_of(path)))
    ]
    assert mocking == []
