"""The fictional county of all tests: its places, its cadres with their cards, and the accounts of its console.

A test reads as a story when everybody has a name. These are the places, each with its station:

- 示例县, the county
    - 示例镇, the township that most stories are about
        - 示例村 with the station ``shili-01``
        - 演示村 with the station ``yanshi-01``
    - 样板镇, the township next door
        - 样板村 with the station ``yangban-01``

Cadres touch cards and have no account. A number that begins with *a* belongs to 示例镇, one with *b* to 样板镇:

- Zhang works in 示例村. Most stories are about her.
- Li is her colleague in 示例村.
- Zhao works in 演示村, which is another village of the same township.
- Wang works in 样板村. Nobody of 示例镇 may learn his name, not even when he touches his card there.

Accounts open the console. An account sees the subtree of one region and may do what its role may:

- The county officer and the operators (``OPERATOR``, ``OTHER_OPERATOR``) see the whole county. The officer looks, binds
  cards, answers alarms and reviews held facts; an operator also commands, sets, claims and revokes stations.
- The township officer and the township operator see 示例镇 alone: Zhang, Li and Zhao, never Wang.
- The other township officer sees 样板镇 alone: Wang, and none of the others.
- The clerk sees 示例村 alone: Zhang and Li.
- The administrator sees the whole county and makes accounts, the township administrator does so for 示例镇. The guard
  (the security administrator) revokes stations. The auditor reads the audit log and nothing else.
- The organiser (of the organisation department) keeps the whole county's people. The secretary and the overseer (of the
  supervision committee) see 示例村 alone. The editor writes what villages read.
- The stray is an officer whom nobody has given a region, and so sees nothing at all.

Django is not needed here. ``tests.server_broker.county`` puts them into a database.
"""

from dataclasses import dataclass, replace

COUNTY = "990101000000"
TOWNSHIP, OTHER_TOWNSHIP = "990101001000", "990101002000"
SHILI_VILLAGE, YANSHI_VILLAGE, YANGBAN_VILLAGE = "990101001001", "990101001002", "990101002001"

REGIONS = {
    COUNTY: "示例县",
    TOWNSHIP: "示例镇",
    OTHER_TOWNSHIP: "样板镇",
    SHILI_VILLAGE: "示例村",
    YANSHI_VILLAGE: "演示村",
    YANGBAN_VILLAGE: "样板村",
}

SHILI, YANSHI, YANGBAN = "shili-01", "yanshi-01", "yangban-01"

VILLAGE_OF = {SHILI: SHILI_VILLAGE, YANSHI: YANSHI_VILLAGE, YANGBAN: YANGBAN_VILLAGE}
"""The village of each station."""


@dataclass(frozen=True)
class Cadre:
    """Somebody with a card. ``token`` stands for the keyed hash of the card's number, whose end is ``tail``."""

    number: str
    name: str
    village: str
    token: bytes
    tail: str


ZHANG = Cadre("a1", "张示例", SHILI_VILLAGE, b"card-of-zhang-16", "0a1b")
LI = Cadre("a2", "李示例", SHILI_VILLAGE, b"card-of-li-of-16", "0a2b")
ZHAO = Cadre("a3", "赵示例", YANSHI_VILLAGE, b"card-of-zhao--16", "0a3b")
WANG = Cadre("b1", "王样板", YANGBAN_VILLAGE, b"card-of-wang--16", "0b1b")

CROWD = ("孙示例", "钱示例", "冯示例", "何示例", "陈样本", "刘样本", "周演示", "吴演示", "郑范例")
"""Names of colleagues for pages that need many rows. No name of the cast is among them."""

UNKNOWN_CARD = b"card-of-nobody16"
"""The token of a card that belongs to nobody yet."""


@dataclass(frozen=True)
class Account:
    """Somebody who signs in to the console: one role (`server_broker.accounts.models.Role`), one region or none."""

    username: str
    role: str
    region: str | None

    def placed_in(self, region: str | None) -> "Account":
        """Return the same account as if it saw ``region`` instead."""
        return replace(self, region=region)


OPERATOR = Account("wu-yunwei", "operator", COUNTY)
OTHER_OPERATOR = Account("zheng-yunwei", "operator", COUNTY)
COUNTY_OFFICER = Account("zhou-xian", "officer", COUNTY)
TOWNSHIP_OPERATOR = Account("xu-shili", "operator", TOWNSHIP)
TOWNSHIP_OFFICER = Account("chen-shili", "officer", TOWNSHIP)
OTHER_TOWNSHIP_OFFICER = Account("liu-yangban", "officer", OTHER_TOWNSHIP)
CLERK = Account("he-shilicun", "officer", SHILI_VILLAGE)
ADMINISTRATOR = Account("sun-xitong", "system", COUNTY)
TOWNSHIP_ADMINISTRATOR = Account("ma-shili", "system", TOWNSHIP)
GUARD = Account("qian-anquan", "security", COUNTY)
AUDITOR = Account("feng-shenji", "auditor", COUNTY)
ORGANISER = Account("wei-zuzhi", "organisation", COUNTY)
SECRETARY = Account("jiang-shilicun", "secretary", SHILI_VILLAGE)
OVERSEER = Account("shen-shilicun", "supervision", SHILI_VILLAGE)
EDITOR = Account("han-neirong", "editor", COUNTY)
STRAY = Account("jiang-wu", "officer", None)

OF_THE_COUNTY = {one.role: one for one in (ADMINISTRATOR, GUARD, AUDITOR, OPERATOR, COUNTY_OFFICER)}
"""By role, the account that has the whole county."""
BY_ROLE = OF_THE_COUNTY | {one.role: one for one in (ORGANISER, SECRETARY, OVERSEER, EDITOR)}
"""By role, the account with the widest region that the role has: the whole county, or 示例村."""
