"""What the words before a number say that it is."""

import re
from typing import Literal

type Label = Literal["identity", "phone", "card", "account", "code"]
LOOK_BACK = 24
_WORDS: dict[Label, str] = {
    "identity": "(?:身份|证件|居留)证?号?码?|sfz",
    "phone": "(?:电话|手机|微信)号?码?|联系方式|联系人|联系|座机|家电|拨打|请拨|致电|来电|wx|tel|phone|打",
    "card": "卡号|银行卡|一卡通|惠农卡|储蓄卡|社保卡|信用卡|公务卡|[农工建中邮信招交]行卡|信合卡",
    "account": "账号|帐号|账户|帐户|存折",
    "code": (
        "订单号?|流水号?|凭证号?|发票号?|编号|编码|代码|单号|序列号|批号|合同号|文号|注册号|许可证号?|档案号|牌照号?|"
        "证号|单元号|户号|条码|型号|发动机号|字第|小班号"
    ),
}
_LABEL = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _WORDS.items()), re.IGNORECASE)


_BETWEEN = re.compile(r"[\s。、:#.()为是-]{0,8}(?:[A-Za-z][A-Za-z0-9.-]*)?")
_NAMES: dict[str, Label] = {name: name for name in _WORDS}


def labels_before(words: str) -> tuple[Label | None, Label | None]:
    """Return what the last label in ``words`` announces, and the same again if no other word stands after it."""
    found = _last(words)
    if found is None:
        return None, None
    label = _NAMES[str(found.lastgroup)]
    return label, label if _BETWEEN.fullmatch(words[found.end() :]) else None


def _last(words: str) -> re.Match[str] | None:
    last = None
    for found in _LABEL.finditer(words):
        last = found
    return last
