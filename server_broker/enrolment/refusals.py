"""Reasons why a station is not enrolled or renewed, each with a code, an HTTP status and a Chinese sentence."""

from typing import Literal

type RefusalCode = Literal[
    "malformed",
    "too_large",
    "unknown_version",
    "method_not_allowed",
    "bad_signature",
    "bad_csr",
    "claim_refused",
    "not_recognised",
    "revoked",
    "nonce_used",
    "too_many_tries",
    "busy",
    "unavailable",
]

# A wrong, a used and an expired claim have one code and one sentence, so that a guesser can't tell them apart. The same
# holds for an unknown station and a wrong record key.
_WORDS: dict[RefusalCode, tuple[int, str]] = {
    "malformed": (400, "请求内容无法识别，请核对站点程序版本"),
    "too_large": (413, "请求内容过大"),
    "unknown_version": (400, "站点程序与县平台版本不一致，请先升级"),
    "method_not_allowed": (405, "此地址只供站点接入使用"),
    "bad_signature": (403, "签名不正确，请重新生成站点密钥后再试"),
    "bad_csr": (400, "证书申请不合要求，请核对站点程序版本"),
    "claim_refused": (403, "接入码不对、已用过或已过期，请向县里要新的接入码"),
    "not_recognised": (403, "站点未登记或密钥不符，请用新的接入码重新接入"),
    "revoked": (403, "该站点已被县里吊销，请联系县运维"),
    "nonce_used": (409, "重复的请求，请重新发起"),
    "too_many_tries": (429, "尝试次数过多，请十分钟后再试"),
    "busy": (503, "县平台正忙，这一次没有受理，请过几秒再试"),
    "unavailable": (503, "县平台暂时无法办理，请稍后再试"),
}


class NotAdmitted(Exception):
    """The county refuses. Nothing was changed, except that a wrong try may have been counted.

    Attributes:
        code: For programs.
        status: HTTP status (RFC 9110, section 15).
        message: For the technician, in Chinese.
    """

    def __init__(self, code: RefusalCode) -> None:
        super().__init__(code)
        self.code: RefusalCode = code
        self.status, self.message = _WORDS[code]
