"""Tell an author in Chinese what was found and where."""

from collections.abc import Sequence

from server_broker.guard.finding import Finding

MOST_TOLD = 8


def told_of(finding: Finding) -> str:
    """Return what was found and where."""
    place = f"{finding.where}：" if finding.where else ""
    return f"{place}像是{finding.name}“{finding.excerpt}”"


def told(findings: Sequence[Finding]) -> str:
    """Return what was found, what to do about it, and where an office's number is let pass, without a full stop."""
    listed = "；".join(dict.fromkeys(map(told_of, findings[:MOST_TOLD])))
    more = f"，共 {len(findings)} 处" if len(findings) > MOST_TOLD else ""
    remedy = "请改掉或遮住"
    if any(not finding.sure and finding.what != "secret_word" for finding in findings):
        remedy += "；是办公电话的，先到“公示把关”申请公开"
    return f"里面有不能公开的内容：{listed}{more}。{remedy}"
