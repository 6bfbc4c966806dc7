"""Tests that a page of the docs names exist, under that name, in that file."""

from __future__ import annotations

import re

from tests.support.source_tree import ROOT

PAGE = ROOT / "docs" / "faults-of-others.md"
SHORT = {
    "*faults*": "tests/unit/streams/test_faults_of_others.py",
    "*scans*": "tests/unit/streams/test_faults_of_scans.py",
}


def cited() -> list[tuple[str, str]]:
    """(file, test) in the order of the page; a test without a file belongs to the file before it in its row."""
    found = []
    for row in PAGE.read_text(encoding="utf-8").splitlines():
        if not row.startswith("| "):
            continue
        file = ""
        for each in re.findall(r"\*faults\*|\*scans\*|`tests/[\w/]+\.py`|`test_\w+`", row):
            if each in SHORT:
                file = SHORT[each]
            elif each.startswith("`tests/"):
                file = each.strip("`")
            else:
                found.append((file, each.strip("`")))
    return found


def test_every_test_that_the_page_of_faults_names_exists() -> None:
    """A page that cites a test which is gone is worse than none."""
    missing = [
        (file, name)
        for file, name in cited()
        if not re.search(rf"^(?:async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_every_fault_has_its_row() -> None:
    """Twenty faults read in code, twelve threads; a row names a test or says why it cannot."""
    rows = [row for row in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| (F\d+|\d+) \|", row)]
    names = {row.split("|")[1].strip() for row in rows}
    assert names == {*(f"F{number}" for number in range(1, 21)), *(str(number) for number in range(1, 13))}
    assert [row for row in rows if "`test_" not in row and "cannot be a test" not in row] == []


def test_every_test_of_a_fault_stands_on_the_page() -> None:
    """And no test of a fault is left out of the table."""
    written = {
        name
        for file in SHORT.values()
        for name in re.findall(r"^def (test_\w+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert written - {name for _, name in cited()} == set()
