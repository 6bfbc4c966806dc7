"""What a reconciliation found, as a table in Vietnamese, as CSV or as JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import Final

from rich.console import Console
from rich.table import Column, Table

from lienthong.reconcile import explain
from lienthong.reconcile.explain import Explained
from lienthong.reconcile.headings import FIGURES
from lienthong.reconcile.reconcile import Reconciled
from lienthong.report.form import FIRST_HEADING, HEADINGS

LABELS: Final = {
    figure: f"{heading} (đang giải quyết)" if figure == "pending_late" else heading
    for figure, heading in zip(FIGURES, HEADINGS, strict=True)
}
CAUSES: Final = {
    explain.MISSING_HERE: "chưa có trên trục liên thông",
    explain.MISSING_THERE: "không có trong tệp",
    explain.OTHER_UNIT: "đơn vị khác",
    explain.OTHER_RECEIVED: "ngày tiếp nhận khác",
    explain.OTHER_DUE: "ngày hẹn trả khác",
    explain.OTHER_END: "ngày trả khác",
    explain.OTHER_STATE: "trạng thái khác",
    explain.OTHER_CHANNEL: "hình thức nộp khác",
    explain.DAY_OR_INSTANT: "một bên tính theo ngày, một bên theo thời điểm",
    explain.OTHER_RULE: "cùng ngày giờ nhưng kết luận khác",
    explain.KNOWN_LATER: "trục biết sau khi tệp được xuất",
    explain.ON_DUE_DAY: "xong hoặc đến hạn đúng ngày hẹn: theo ngày và theo thời điểm khác nhau",
    explain.WAITS: "đang tạm dừng (bổ sung, tài chính, dừng xử lý)",
    explain.CROSSED: "qua nhiều đơn vị, trục chỉ tính một lần",
}
ONLY_MAY: Final = (
    "Chỉ có số liệu tổng nên không biết chắc hồ sơ nào gây ra chênh lệch; các hồ sơ trên là những hồ sơ mà hai "
    "hệ thống có thể tính khác nhau. Danh sách hồ sơ của hệ thống kia cho câu trả lời chắc chắn."
)


def show(console: Console, found: Reconciled, *, most: int) -> None:
    """Print what differs, why, and what is wrong with the file."""
    console.print(f"Đối chiếu kỳ {found.period}, {found.units:,} đơn vị trong tệp, {len(found.cells):,} ô chênh lệch")
    if found.cells:
        console.print(_cells(found))
    if found.explained:
        console.print(_dossiers(found, most))
    if found.kind == "figures" and found.cells:
        console.print(ONLY_MAY)
    for fault in found.faults:
        console.print(f"dòng {fault.row}: {fault.what}" if fault.row else fault.what, markup=False)
    if found.unread:
        console.print(f"Cột không dùng: {', '.join(found.unread)}", markup=False)
    if found.good:
        console.print("Khớp hoàn toàn.")


def _cells(found: Reconciled) -> Table:
    numbers = [Column(name, justify="right") for name in ("Tệp", "Trục", "Chênh lệch")]
    table = Table(Column("Mã", no_wrap=True), FIRST_HEADING[found.by], "Cột", *numbers, box=None, pad_edge=False)
    for cell in found.cells:
        name, label = found.names.get(cell.unit, ""), LABELS[cell.figure]
        table.add_row(cell.unit, name, label, f"{cell.theirs:,}", f"{cell.ours:,}", f"{cell.ours - cell.theirs:+,}")
    return table


def _dossiers(found: Reconciled, most: int) -> Table:
    table = Table(Column("Hồ sơ", no_wrap=True), "Dòng", "Lý do", "Ảnh hưởng", box=None, pad_edge=False)
    for one in found.explained[:most]:
        table.add_row(one.code, str(one.row or ""), _why(one), _effect(found, one))
    if len(found.explained) > most:
        table.add_row(f"và {len(found.explained) - most:,} hồ sơ nữa", "", "", "")
    return table


def _why(one: Explained) -> str:
    return "; ".join(CAUSES[cause] for cause in one.causes)


def _effect(found: Reconciled, one: Explained) -> str:
    sure = found.kind == "dossiers"
    return "; ".join(
        f"{unit} {LABELS[figure]}{f' {count:+}' if sure else ''}" for (unit, figure), count in one.figures.items()
    )


def as_json(found: Reconciled) -> str:
    """One object."""
    return json.dumps(
        {
            "good": found.good,
            "file": found.kind,
            "period": found.period,
            "by": found.by,
            "counted_by": found.counting,
            "differences": [each._asdict() for each in found.cells],
            "certain": found.kind == "dossiers",
            "dossiers": [
                {
                    "code": one.code,
                    "row": one.row or None,
                    "causes": list(one.causes),
                    "figures": [[unit, figure, count] for (unit, figure), count in one.figures.items()],
                }
                for one in found.explained
            ],
            "faults": [each._asdict() for each in found.faults],
            "unread_headings": found.unread,
        },
        ensure_ascii=False,
    )


def as_csv(found: Reconciled) -> str:
    """CSV in UTF-8 with a mark in front: a row for each figure that differs, and for each dossier and figure."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["Mã", "Cột", "Tệp", "Trục", "Chênh lệch", "Hồ sơ", "Lý do"])
    for cell in found.cells:
        writer.writerow([cell.unit, LABELS[cell.figure], cell.theirs, cell.ours, cell.ours - cell.theirs, "", ""])
    for one in found.explained:
        for (unit, figure), count in one.figures.items():
            writer.writerow([unit, LABELS[figure], "", "", count, one.code, _why(one)])
    for fault in found.faults:
        writer.writerow(["", "", "", "", "", f"dòng {fault.row}", fault.what])
    return "\ufeff" + out.getvalue()
