"""What can be read by a token, and which power an account must have to let a token read it."""

from dataclasses import dataclass

from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import sees_county


@dataclass(frozen=True, slots=True)
class Resource:
    """One list of the API. ``word`` and ``note`` are Chinese, for whoever gives a token."""

    word: str
    note: str
    power: Power
    """The power with which the console's pages show the same."""


RESOURCES: dict[str, Resource] = {
    "regions": Resource("区划", "代码、名称、并到哪里", Power.SEE_PEOPLE),
    "people": Resource("人员", "编号、姓名、类别、村、职务和起止日期", Power.SEE_PEOPLE),
    "units": Resource("单位和职务", "单位的名称、性质、区划，有哪些职务", Power.SEE_PEOPLE),
    "windows": Resource("值班时段", "哪个村、周几、几点到几点、有谁", Power.SEE_PEOPLE),
    "due": Resource("谁该在岗", "哪天哪个班该谁在、为什么", Power.SEE_PEOPLE),
    "results": Resource("考勤结果", "每个班的结果、按规则哪一行、为什么、在等什么", Power.SEE_PEOPLE),
    "touches": Resource("打卡", "时间和准不准、站点、是谁、上班还是下班、算不算", Power.SEE_PEOPLE),
    "months": Resource("各村月考勤", "每村每月到哪一步，合计多少，定稿的摘要", Power.SEE_SHEETS),
    "timesheets": Resource("月考勤表", "谁哪天的班结果是什么，合计多少", Power.SEE_SHEETS),
    "requests": Resource("站点的异议与申请", "谁在站点提的、提了什么、怎么答复的", Power.SEE_REQUESTS),
    "county_requests": Resource("县里收到的申请", "谁在手机上提的或干部代提的、怎么批的", Power.SEE_REQUESTS),
}
"""The lists of the API, by the name that stands in the address and in a token's scopes."""

METRICS = "metrics"
SCOPES: dict[str, Resource] = RESOURCES | {
    METRICS: Resource("监控指标", "给 Prometheus：站点和县平台的状况，没有人员；要选全县", Power.SEE_METRICS)
}
"""All that a token can be for: the lists, and what monitoring reads, which is no list of the API."""


def scopes_of(account: User) -> tuple[str, ...]:
    """Return what an account may see now, and so may let a token read. Metrics are of the whole county alone."""
    seen = [name for name, resource in SCOPES.items() if may(account, resource.power)]
    return tuple(name for name in seen if name != METRICS or sees_county(account))
