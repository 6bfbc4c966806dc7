"""Names that sound like those of communes, and the departments that every province has. No commune is meant."""

from __future__ import annotations

from typing import Final

_FIRST: Final = (
    "An", "Bình", "Cẩm", "Chí", "Đại", "Đồng", "Đức", "Gia", "Hà", "Hải", "Hòa", "Hồng", "Hương", "Kim", "Kỳ", "Lâm",
    "Liên", "Lộc", "Long", "Mai", "Minh", "Mỹ", "Nam", "Nghĩa", "Phú", "Phúc", "Quang", "Sơn", "Tân", "Thạch", "Thái",
    "Thanh", "Thiên", "Thịnh", "Thuận", "Thượng", "Tiên", "Trung", "Trường", "Tùng", "Vạn", "Việt", "Vĩnh", "Xuân",
    "Yên",
)  # fmt: skip
_SECOND: Final = (
    "Bình", "Châu", "Đài", "Điền", "Đông", "Giang", "Hà", "Hải", "Hòa", "Khê", "Lạc", "Lâm", "Liên", "Lĩnh", "Lộc",
    "Long", "Lưu", "Mỹ", "Ninh", "Phong", "Phú", "Phúc", "Sơn", "Tân", "Tây", "Thành", "Thắng", "Thịnh", "Thọ",
    "Trạch", "Trung", "Văn", "Xá", "Xuân", "Yên",
)  # fmt: skip
_PAIRS: Final = tuple((first, second) for first in _FIRST for second in _SECOND if first != second)
_STEP: Final = 577
"""Prime to the number of pairs: walking by so many visits every pair once, neighbours far apart."""

DEPARTMENTS: Final = (
    ("H27.2", "Sở Nội vụ"),
    ("H27.3", "Sở Tài chính"),
    ("H27.5", "Sở Công Thương"),
    ("H27.7", "Sở Nông nghiệp và Môi trường"),
    ("H27.11", "Sở Y tế"),
    ("H27.12", "Sở Giáo dục và Đào tạo"),
    ("H27.16", "Sở Tư pháp"),
    ("H27.20", "Sở Văn hóa, Thể thao và Du lịch"),
    ("H27.24", "Sở Khoa học và Công nghệ"),
    ("H27.31", "Sở Xây dựng"),
)
"""Agency codes and names; the codes are made up."""
REPORT_HUB: Final = ("H27.1022", "Trung tâm tiếp nhận phản ánh 1022")
"""Where field reports come in: its system numbers them, whoever holds them."""
PROVINCE_OFFICE: Final = ("H27.1", "Văn phòng Uỷ ban nhân dân tỉnh")
"""Whose system asks for periodic reports and numbers them."""


def commune_name(number: int) -> str:
    """The name of commune ``number`` (from 0), without its type: a pair of syllables, none twice."""
    first, second = _PAIRS[number * _STEP % len(_PAIRS)]
    return f"{first} {second}"


def commune_code(number: int) -> str:
    """The agency code of commune ``number`` (from 0)."""
    return f"H27.40.{number + 1}"


def office_codes(communes: int) -> tuple[str, ...]:
    """The agency codes of all offices: departments and systems first, then so many communes."""
    others = [code for code, _ in (PROVINCE_OFFICE, REPORT_HUB, *DEPARTMENTS)]
    return (*others, *map(commune_code, range(communes)))
