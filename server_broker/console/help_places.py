"""Which guide is for whom, and which section of a guide is about which page."""

from urllib.parse import quote

from server_broker.accounts.models import Role
from server_broker.console import guides
from server_broker.console.guides import anchor_of

FOR_ROLES: dict[str, tuple[Role, ...]] = {
    "县级安装手册": (Role.SYSTEM, Role.OPERATOR),
    "备份与恢复手册": (Role.SYSTEM, Role.OPERATOR),
    "升级手册": (Role.SYSTEM, Role.OPERATOR),
    "人员与排班手册": (Role.OPERATOR, Role.OFFICER, Role.ORGANISATION, Role.SECRETARY),
    "考勤管理员手册": (Role.OFFICER, Role.ORGANISATION, Role.SECRETARY, Role.SUPERVISION),
    "学习内容手册": (Role.EDITOR, Role.OPERATOR, Role.OFFICER),
    "村务大屏使用说明": (Role.SECRETARY, Role.OFFICER, Role.SUPERVISION),
    "县服务器-下发内容": (Role.EDITOR, Role.OPERATOR, Role.OFFICER, Role.SECRETARY),
    "县服务器-公示把关": (Role.EDITOR, Role.OPERATOR, Role.OFFICER, Role.SECRETARY),
    "县服务器-今日": (Role.OFFICER, Role.ORGANISATION, Role.SECRETARY, Role.SUPERVISION),
    "县服务器-待办": (Role.OFFICER, Role.SECRETARY),
    "县服务器-会议": (Role.OFFICER, Role.ORGANISATION, Role.SECRETARY, Role.SUPERVISION),
    "县服务器-排班": (Role.OFFICER, Role.ORGANISATION, Role.OPERATOR),
    "县服务器-人员与职务": (Role.OPERATOR, Role.OFFICER, Role.ORGANISATION),
    "县服务器-值守": (Role.OPERATOR, Role.OFFICER, Role.SYSTEM),
    "县服务器-手机入口": (Role.SYSTEM, Role.OPERATOR),
    "县服务器-监控": (Role.SYSTEM, Role.OPERATOR),
    "县服务器-站点升级": (Role.OPERATOR,),
    "县服务器-记录链": (Role.AUDITOR, Role.SECURITY, Role.OPERATOR),
}
"""Guides by name, with the roles whose work they describe. A guide that is not named here is for whoever installs."""

SECTIONS: dict[str, tuple[str, str]] = {
    "people-import": ("人员与排班手册", "一、把名单放进去"),
    "people-import-confirm": ("人员与排班手册", "一、把名单放进去"),
    "window-new": ("人员与排班手册", "二、定值班，排一个月"),
    "rosters": ("县服务器-排班", "一个月怎么排"),
    "roster-templates": ("县服务器-排班", "用模板"),
    "roster-swaps": ("县服务器-排班", "换班"),
    "rosters-import": ("县服务器-排班", "Excel"),
    "people": ("县服务器-人员与职务", "登记身份证号和手机号"),
    "units": ("县服务器-人员与职务", "第一次建档：单位和职务"),
    "term-change": ("县服务器-人员与职务", "换届"),
    "desk": ("县服务器-人员与职务", "发卡"),
    "desk-unknown": ("县服务器-人员与职务", "发卡"),
    "presence": ("县服务器-今日", "每个人一个状态"),
    "duty": ("人员与排班手册", "六、每天看什么"),
    "today": ("人员与排班手册", "六、每天看什么"),
    "affairs": ("县服务器-待办", "每天怎么办"),
    "affair-new": ("县服务器-待办", "代别人提"),
    "requests": ("考勤管理员手册", "五、补卡和异议"),
    "sheets": ("考勤管理员手册", "一、看各村到哪一步"),
    "sheet": ("考勤管理员手册", "二、看一个村的表"),
    "settled-window": ("考勤管理员手册", "三、一个格子为什么是这样"),
    "sheet-charts": ("考勤管理员手册", "九、看一段时间"),
    "exceptions": ("考勤管理员手册", "十、值得一看"),
    "terms": ("考勤管理员手册", "十一、照哪些数算"),
    "terms-of": ("考勤管理员手册", "十一、照哪些数算"),
    "meetings": ("县服务器-会议", "谁到了"),
    "meeting": ("县服务器-会议", "谁到了"),
    "meeting-new": ("县服务器-会议", "发会议通知"),
    "meeting-table": ("县服务器-会议", "三会一课"),
    "workdays": ("人员与排班手册", "三、哪天上班"),
    "published": ("县服务器-下发内容", "看到了没有，怎么撤回"),
    "notice-new": ("县服务器-下发内容", "公示和资料，由两个人发布"),
    "documents-new": ("县服务器-下发内容", "公示和资料，由两个人发布"),
    "voice": ("县服务器-下发内容", "资料和语音"),
    "banks": ("学习内容手册", "在网页里写，交给另一个人发布"),
    "bank": ("学习内容手册", "在网页里写，交给另一个人发布"),
    "bank-question": ("学习内容手册", "一道题要有什么"),
    "courses": ("学习内容手册", "发布以后"),
    "guard": ("县服务器-公示把关", "会拦下什么"),
    "compliance": ("县服务器-公示把关", "合规开关"),
    "record": ("县服务器-记录链", "自己核对"),
    "attention": ("县服务器-值守", "看什么"),
    "incident": ("县服务器-值守", "确认、静默"),
    "on-call": ("县服务器-值守", "值守表"),
    "channels": ("县服务器-值守", "通知发到群里和信箱"),
    "station": ("县服务器-值守", "存储卡丢了、站点机器被偷了"),
    "station-claim": ("装机手册-安装", "二、安装"),
}
"""By the name of a page's address: the guide, and the heading of the section that is about the page."""


def help_for(page: str) -> str:
    """Return where 帮助 leads from a page: to the section about it, or to the list of all guides."""
    guide, heading = SECTIONS.get(page, ("", ""))
    return f"/help/{quote(guide)}/#{quote(anchor_of(heading))}" if guide in guides.guides() else "/help/"
