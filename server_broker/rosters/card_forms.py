"""卡号格式: the forms in which a list may write a card's number, and the UID that a number in such a form means.

The same digits in another form are another card. So a form is never guessed.
"""

import re
import unicodedata

from protocol.cards import BadUid, UidFault, normalise_uid
from protocol.printed_cards import Format, uid_as_sent
from server_broker.sheets.cells import BadCell

FORM_WORDS: dict[Format, str] = {
    "hex": "十六进制",
    "hex_reversed": "十六进制反码",
    "decimal": "十进制",
    "decimal_reversed": "十进制反码",
    "8H10D": "十进制10位",
}
"""What people write into the column 卡号格式, for each form."""
_ALSO: dict[str, Format] = {
    "16进制": "hex",
    "16进制反码": "hex_reversed",
    "10进制": "decimal",
    "10进制反码": "decimal_reversed",
    "10进制10位": "8H10D",
    "10位": "8H10D",
}
_BY_WORD = {word.casefold(): form for form, word in FORM_WORDS.items()} | {form.casefold(): form for form in FORM_WORDS}
_BY_WORD |= _ALSO
_PARTIAL_FORMS = {"8位", "十进制8位", "10进制8位", "3+5", "韦根26", "wg26", "8h10d+3+5"}
"""Printed on many cards, but only 24 bits of a number of at least 32: many cards share one such print."""
_DECIMAL_FORMS: tuple[Format, ...] = ("decimal", "decimal_reversed")
"""8H10D is left out, because every number that it can read can be read as decimal."""
_SEPARATORS = re.compile(r"[\s:\-]+")
_UID_FAULTS: dict[UidFault, str] = {
    "empty": "为空",
    "length": "长度不对，应为 8、10、14 或 20 位十六进制",
    "not_hex": "只能是数字和字母 A 到 F",
    "all_alike": "全是 0 或全是 F，不是真卡",
    "random": "是手机等设备的随机号（08 开头），不能当卡用",
    "cascade_tag": "以 88 开头，没有读完整，请重新读卡",
}


def form_named(words: str) -> Format | None:
    """Return the form that a cell or an option names; None if it names none.

    Raises:
        BadCell: The form is unknown, or holds only a part of a card's number.
    """
    word = "".join(words.split()).casefold()
    if not word:
        return None
    if word in _PARTIAL_FORMS:
        raise BadCell("的这种写法只有卡号的一部分，定不出是哪张卡。请在站点碰一次卡，到发卡台绑定")
    if word not in _BY_WORD:
        raise BadCell(f"不认识，只能是 {'、'.join(FORM_WORDS.values())}")
    return _BY_WORD[word]


def uid_of(written: str, form: Format) -> str:
    """Return the UID that ``written`` means in ``form``, in its normal form.

    Raises:
        BadCell: ``written`` does not have this form, or no card can have this number.
    """
    plain = _SEPARATORS.sub("", unicodedata.normalize("NFKC", written))
    # Hexadecimal goes to `normalise_uid` unchanged, because its refusal names the fault.
    sent = plain if form == "hex" else uid_as_sent(plain, form)
    if plain and not sent:
        raise BadCell(f"不是“{FORM_WORDS[form]}”的写法，请核对卡号和卡号格式")
    try:
        return normalise_uid(sent)
    except BadUid as refusal:
        raise BadCell(_UID_FAULTS[refusal.fault]) from refusal


def may_be_decimal(written: str) -> bool:
    """Return whether this number could be a card's in a decimal form. If so, only a person can tell its form.

    Other rows of the list don't help. A list may come from two readers, so letters in one row don't prove that another
    row is hexadecimal.
    """
    for form in _DECIMAL_FORMS:
        try:
            uid_of(written, form)
        except BadCell:
            continue
        return True
    return False
