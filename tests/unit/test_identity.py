"""Identities: the same name gives the same id, for every reader and for ever."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong_schemas import identity
from lienthong_schemas.errors import IdentityError

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:lienthong")


@given(st.text(), st.text(), st.integers(), st.integers())
def test_an_event_id_is_a_version_five_uuid_of_its_place(office: str, case: str, epoch: int, seq: int) -> None:
    """RFC 9562 §5.5: other languages compute the same with their library."""
    name = f"event|{office}|{case}|{epoch}|{seq}".encode("utf-8", "replace").decode()
    if name == f"event|{office}|{case}|{epoch}|{seq}":
        assert identity.event_id(office, case, epoch, seq) == str(uuid.uuid5(NAMESPACE, name))


def test_ids_of_announcements_and_letters_are_fixed() -> None:
    """They stand in topics and databases: changing how they are made would say everything again."""
    assert identity.announcement_id("case|processing|1|breached||2026-01-01T00:00:00Z") == str(
        uuid.uuid5(NAMESPACE, "announcement|case|processing|1|breached||2026-01-01T00:00:00Z|")
    )
    assert identity.letter_id("dossier.v1", 3, 42, "decode") == str(
        uuid.uuid5(NAMESPACE, "letter|dossier.v1|3|42|decode")
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dossier:H27", "kind:authority:local"),
        ("parcel:H27:1", "no kind of case"),
        ("dossier:h27.16:1", "not in normal form"),
        ("dossier:H27.16:", "no case number"),
        ("dossier:H27 16 Đ:1", "no agency code"),
    ],
)
def test_a_malformed_case_id_is_refused_with_what_is_allowed(text: str, said: str) -> None:
    """A key that is not in normal form would split a case over partitions."""
    with pytest.raises(IdentityError, match=said):
        identity.parse_case_id(text)


def test_spaces_and_case_do_not_make_another_case() -> None:
    """Codes are typed by people (domain §1.4)."""
    typed = identity.case_id("dossier", " h27.16 ", "000.00.16.h27-250701 -0001")
    assert str(typed) == "dossier:H27.16:000.00.16.H27-250701-0001"
