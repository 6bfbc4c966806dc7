"""The headings of other systems' files, and what they mean here.

They are compared as ``plain_name`` writes them: NFC, lower case, single spaces. The form itself has "Quá hạn" twice; it
means pending once a heading of what is pending has come.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from lienthong.report.form import KEYS
from lienthong_schemas.unit_names import plain_name

UNIT, NAME = "unit", "name"
CODE, RECEIVED, DUE, ENDED, STATUS, CHANNEL, VERDICT = (
    "code", "received_at", "due_at", "ended_at", "status", "channel", "verdict",
)  # fmt: skip

_SAID_OF: Final[Mapping[str, Sequence[str]]] = {
    UNIT: ("mã", "mã đơn vị", "mã cơ quan", "mã định danh", "unit", "office", "commune"),
    NAME: ("đơn vị", "tên đơn vị", "cơ quan", "cơ quan giải quyết", "đơn vị giải quyết", "xã, phường", "name"),
    "received": ("tổng số tiếp nhận", "tổng số hồ sơ tiếp nhận", "tổng tiếp nhận", "tổng số hồ sơ"),
    "new_online": ("mới: trực tuyến", "trực tuyến", "tiếp nhận trực tuyến"),
    "new_direct": ("mới: trực tiếp, bưu chính", "trực tiếp, bưu chính", "trực tiếp, dịch vụ bưu chính", "trực tiếp"),
    "carried_over": ("kỳ trước chuyển qua", "từ kỳ trước", "kỳ trước", "tồn kỳ trước"),
    "resolved": ("tổng số đã giải quyết", "đã giải quyết", "tổng đã giải quyết"),
    "early": ("trước hạn", "đã giải quyết trước hạn", "giải quyết trước hạn"),
    "on_time": ("đúng hạn", "đã giải quyết đúng hạn", "giải quyết đúng hạn"),
    "late": ("đã giải quyết quá hạn", "giải quyết quá hạn"),
    "pending": ("tổng số đang giải quyết", "đang giải quyết", "tổng đang giải quyết"),
    "pending_in_time": ("trong hạn", "đang giải quyết trong hạn", "chưa đến hạn"),
    "pending_late": ("đang giải quyết quá hạn",),
    CODE: ("mã hồ sơ", "số hồ sơ", "mã số hồ sơ", "code"),
    RECEIVED: ("ngày tiếp nhận", "ngày nhận", "thời gian tiếp nhận"),
    DUE: ("ngày hẹn trả", "ngày hẹn trả kết quả", "hạn trả kết quả", "hẹn trả", "hạn xử lý"),
    ENDED: ("ngày trả kết quả", "ngày trả", "ngày kết thúc xử lý", "ngày hoàn thành", "ngày kết thúc"),
    STATUS: ("trạng thái", "tình trạng", "trạng thái hồ sơ"),
    CHANNEL: ("hình thức nộp", "hình thức tiếp nhận", "kênh tiếp nhận", "kênh"),
    VERDICT: ("kết quả giải quyết", "tình trạng hạn", "đúng hạn/quá hạn"),
}
_OVERDUE: Final = "quá hạn"
_NUMBERING: Final = re.compile(r"^(\([0-9]+\)|[0-9]+[.)])\s*|\s*\([0-9]+\)(\s*=.*)?$")
"""Numbers of columns that forms write beside headings, such as ``(2)=(3)+(4)``."""
FIELDS: Final[Mapping[str, str]] = {
    **{plain_name(text): field for field, texts in _SAID_OF.items() for text in texts},
    **{name: name for name in (*KEYS, CODE, RECEIVED, DUE, ENDED, STATUS, CHANNEL, VERDICT)},
}
"""By heading, in the form in which headings are compared, what it means; our own names of fields mean themselves."""
FIGURES: Final = KEYS
TOTALS: Final = frozenset({"tổng số", "tổng cộng", "tổng", "cộng", "total"})
"""Names of a bottom line."""

STATUSES: Final[Mapping[str, str]] = {
    "mới đăng ký": "1",
    "được tiếp nhận": "2",
    "không được tiếp nhận": "3",
    "đang xử lý": "4",
    "yêu cầu bổ sung giấy tờ": "5",
    "yêu cầu thực hiện nghĩa vụ tài chính": "6",
    "công dân yêu cầu rút hồ sơ": "7",
    "dừng xử lý": "8",
    "đã xử lý xong": "9",
    "đã trả kết quả": "10",
}
"""By label, the statuses of the national code list."""
VERDICTS: Final[Mapping[str, str]] = {"trước hạn": "early", "đúng hạn": "on_time", _OVERDUE: "late"}
CHANNEL_ONLINE: Final = "online"
ONLINE: Final = frozenset({"trực tuyến", "online", "internet"})


def fields_of(cells: Sequence[str]) -> list[str]:
    """What each heading of a row means; empty for one that is not known."""
    found: list[str] = []
    for cell in cells:
        heading = _NUMBERING.sub("", plain_name(cell)).strip()
        if heading == _OVERDUE:
            heading = "pending_late" if "pending" in found or "pending_in_time" in found else "late"
        field = FIELDS.get(heading, "")
        found.append("" if field in found else field)
    return found
