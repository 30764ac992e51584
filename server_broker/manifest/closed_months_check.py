"""Check that each month that was closed still has the content that was signed, and the slip lines that stand in it."""

import hashlib
from collections.abc import Sequence

from server_broker.closing.content import Signed, slip_rows
from server_broker.closing.models import ClosedMonth
from server_broker.closing.slips import signed_slip
from server_broker.manifest.problems import Problem


def check_closed_months() -> Problem | None:
    """Compare each month with its digest, which the stream vouches for, and return the first that differs."""
    for closed in ClosedMonth.objects.order_by("pk").iterator(chunk_size=20):
        said = _problem(closed)
        if said:
            return Problem("row", f"{closed.month} 考勤表 {closed.pk}（{ClosedMonth._meta.db_table}）", said)
    return None


def _problem(closed: ClosedMonth) -> str:
    content = bytes(closed.content)
    if hashlib.sha256(content).digest() != bytes(closed.sha256):
        return "内容和定稿时签名的不一样"
    signed = Signed(content, closed.village_id, closed.people)
    if signed.head.get("month") != [closed.month]:
        return "内容是别的月份的"
    if not _same(signed.slip_rows(), closed):
        return "更正单和定稿时签名的不一样"
    return ""


def _same(rows: Sequence[Sequence[str]], closed: ClosedMonth) -> bool:
    if len(rows) != closed.slip.count():
        return False
    return list(rows) == slip_rows(signed_slip(closed))
