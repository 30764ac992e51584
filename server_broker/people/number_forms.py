"""Identity numbers (GB 11643) and mobile telephone numbers: how people write them, and how a page shows them.

No message of this module repeats what was typed. It imports no model, because the process that reads files needs it.
"""

import re
import unicodedata
from typing import Literal, get_args

from server_broker.guard.check_digits import has_right_check, is_day

type NumberKind = Literal["identity", "mobile"]
KINDS: tuple[NumberKind, ...] = get_args(NumberKind.__value__)
WORDS: dict[NumberKind, str] = {"identity": "身份证号", "mobile": "手机号"}
LONGEST = 40
"""Signs that somebody may type, with blanks between the digits."""
_BY_EXCEL = re.compile(r"[0-9.]+E\+?[0-9]+|[0-9]{16,18}\.0*")
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})(?:\.0)?")
SPOILT = "被 Excel 存成了数字，后几位已经丢失。请把这一列设为“文本”，再照证件重新填写"


class BadNumber(Exception):
    """It is no such number. The message is Chinese and continues the name of the kind."""


def read_number(kind: NumberKind, written: str) -> str:
    """Return the number that somebody wrote, in its one form.

    Raises:
        BadNumber: It is none, or a digit is wrong.
    """
    plain = re.sub(r"[\s\-—–]", "", unicodedata.normalize("NFKC", written[: 4 * LONGEST])).upper()
    if _BY_EXCEL.fullmatch(plain):
        raise BadNumber(SPOILT)
    return _identity(plain) if kind == "identity" else _mobile(plain)


def _identity(plain: str) -> str:
    if re.fullmatch(r"[0-9]{15}", plain):
        raise BadNumber("是 15 位的旧号码，请填现在的 18 位号码")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", plain):
        raise BadNumber("应为 18 位：17 位数字，最后一位是数字或 X")
    if not is_day(plain[6:14]):
        raise BadNumber("第 7 到 14 位不是出生日期，请照证件核对")
    if not has_right_check(plain):
        raise BadNumber("最后一位校验不对，有一位填错了，请照证件核对")
    return plain


def _mobile(plain: str) -> str:
    found = _MOBILE.fullmatch(plain)
    if found is None:
        raise BadNumber("应为 11 位手机号码")
    return found[1]


def masked(number: str) -> str:
    """Return a number as pages show it: its ends, and stars for what lies between."""
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"
