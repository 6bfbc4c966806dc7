"""The generated pages in the repository are those that the code writes now."""

from pathlib import Path

import pytest

from lienthong.reference_pages import PAGES, topics_page
from lienthong_schemas.catalogue import load_catalogue

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(name: str) -> None:
    """If not: `make docs`, and commit what it wrote."""
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name]()


def test_no_page_is_left_over() -> None:
    """The folder holds generated pages only; that of the ledger is written from a database."""
    assert {path.name for path in FOLDER.iterdir()} == {*PAGES, "ledger.md"}


def test_the_page_of_topics_names_every_topic() -> None:
    """It is the table of contents of the bus."""
    page = topics_page()
    assert [name for name in load_catalogue().topics if f"`{name}`" not in page] == []
