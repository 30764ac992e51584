"""Find how a reader prints card numbers, from one card of which the UID is known."""

from agent.uid import MAX_PRINTED, formats_that_fit
from protocol.refusal import Refused


def printed_format(uid: str, printed: str) -> tuple[bool, str]:
    """Return whether the form was found, and what to tell the technician."""
    try:
        forms = formats_that_fit(printed.strip()[:MAX_PRINTED], uid)
    except Refused:
        return False, f"“{uid}”不是卡号：请写县里给的十六进制卡号，例如 04A22B1C。"
    if not forms:
        return False, "对不上：请确认刷的就是这张卡，并把读卡器打出的号码报给县里。"
    also = f"（{'、'.join(forms[1:])} 也一样）" if forms[1:] else ""
    return True, f'在 station.toml 的这个读卡器里写：format = "{forms[0]}"{also}'
