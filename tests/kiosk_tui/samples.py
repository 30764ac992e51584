"""Plainly fictional things to show, and the longest ones that the contract allows."""

from copy import replace
from datetime import UTC, datetime

import msgspec

from protocol.feedback import receipt_number
from protocol.kiosk import (
    ChooseDirection,
    Home,
    KeepDirection,
    Lacking,
    LackingWhen,
    Missing,
    ToAgent,
    ToKiosk,
    TouchShown,
)
from protocol.kiosk_duty import DutyRow, DutyToday, StoppedWindow
from protocol.kiosk_feedback import FeedbackTaken, FollowedUp, HelpContact, HelpState
from protocol.kiosk_find import MAX_HITS, Found, Hit
from protocol.kiosk_learning import (
    AnswerQuestion,
    LevelChoice,
    LevelOver,
    MapShown,
    Marked,
    NextQuestion,
    OpenLevel,
    OpenMap,
    OpenPack,
    PackLine,
    PackShown,
    QuestionShown,
)
from protocol.kiosk_months import (
    DayWindow,
    MonthLine,
    MonthShown,
    OwnRequest,
    RequestsShown,
    RequestTaken,
    ResultLine,
    ResultsShown,
    WindowLacks,
)
from protocol.kiosk_notices import NoticeLine, NoticeShown, NoticesShown
from protocol.kiosk_requests import AskingShown, Colleague, SwapAsked
from protocol.kiosk_visits import PhoneCode, VisitShown
from protocol.units import FactRef

MORNING = int(datetime(2026, 11, 24, 0, 6, tzinfo=UTC).timestamp() * 1000)
"""2026-11-24, a Tuesday, 08:06 in the village."""

TWELVE, DOTTED = "欧阳示例欧阳示例欧阳示例", "阿卜杜热依木·买买提吐逊"
"""The longest names that people have here: twelve characters, and those of a minority with its ·."""
TOUCH = FactRef(epoch=bytes(16), seq=7)


def duty(name: str, window: str = "上午坐班", *, arrived: int | None = None, left: int | None = None) -> DutyRow:
    return DutyRow(name=name, window=window, start=510, end=720, arrived=arrived, left=left)


DUTY = [
    duty("张示例", arrived=492),
    duty("李示例", arrived=505, left=723),
    duty("王示例"),
    duty("欧阳示例"),
    DutyRow(name="张示例", window="下午坐班", start=870, end=1050, arrived=None, left=None, state="coming"),
    DutyRow(name="李示例", window="下午坐班", start=870, end=1050, arrived=None, left=None, state="coming"),
    DutyRow(name="赵示例", window="下午坐班", start=870, end=1050, arrived=None, left=None, state="coming"),
    DutyRow(name="钱示例", window="下午坐班", start=870, end=1050, arrived=None, left=None, state="coming"),
]


def over(row: DutyRow, **fields: object) -> DutyRow:
    return msgspec.structs.replace(row, state="over", closed=True, arrivals_over=True, **fields)


ALL_DAY = DutyRow(name="张伟", window="值班", start=510, end=1050, arrived=790, left=None, apart="207")
THE_DAY = [
    ALL_DAY,
    msgspec.structs.replace(ALL_DAY, apart="312", arrived=505, left=900),
    msgspec.structs.replace(ALL_DAY, name="买买提·吐尔逊", apart="", arrived=None),
    over(duty("李示例", arrived=505, left=723)),
    over(duty("王示例")),
    over(duty("欧阳示例", arrived=520)),
]

DATED = [
    msgspec.structs.replace(duty("赵示例", arrived=492), leads=True),
    msgspec.structs.replace(duty("李示例"), instead_of="王示例"),
    msgspec.structs.replace(duty("张示例"), away="leave"),
    msgspec.structs.replace(duty("钱示例"), away="meeting"),
    msgspec.structs.replace(duty("欧阳示例", arrived=505), departs=False),
]
"""A day by its date: who leads, a swap, who is away, and somebody who touches once."""

HOME = Home(
    station="demo-0001",
    station_name="示例东村村部",
    village="示例东村",
    wall=MORNING,
    quality="synced",
    link="connected",
    waiting=0,
    reader_ready=True,
    simulated=["reader", "indicator", "camera"],
    duty=DUTY,
    learning=True,
)
NAMES_ONLY = msgspec.structs.replace(
    HOME,
    board="names",
    duty=[msgspec.structs.replace(row, arrived=None, left=None) for row in DUTY if not row.away],
)
NOT_PUBLIC = msgspec.structs.replace(HOME, board="nothing", duty=[])
TROUBLED = msgspec.structs.replace(
    HOME,
    quality="unknown",
    link="offline",
    waiting=1234,
    reader_ready=False,
    simulated=[],
    duty=[],
    learning=False,
)
RESTORED = msgspec.structs.replace(HOME, quality="restored", duty=[], waiting=3)
AFTERNOON = msgspec.structs.replace(HOME, duty=THE_DAY, wall=MORNING + 8 * 3_600_000)
DATED_DAY = msgspec.structs.replace(HOME, duty=DATED, today=DutyToday())
BY_WEEK = msgspec.structs.replace(HOME, today=DutyToday(by="week"))
OFF = msgspec.structs.replace(
    HOME,
    duty=[],
    today=DutyToday(calendar="off", name="国庆节", stopped=[StoppedWindow(window="上午坐班", why="防汛")]),
)
CROWDED = msgspec.structs.replace(
    HOME,
    duty=[duty(f"示例{number:02}", arrived=500 + number if number % 3 else None, left=None) for number in range(1, 31)],
)
"""Thirty people in one window."""
NOTICE_LINES = [
    NoticeLine(id="n1", line="明天上午 9 点到 12 点停电检修，请提前安排。", kind="power_cut", urgent=True),
    NoticeLine(id="n2", line="腊月十六赶大集，地点在示例镇东街。", kind="market"),
    NoticeLine(id="n3", line="示例果园招摘果工二十人，一天一结。", kind="jobs"),
    NoticeLine(id="n4", line="这一条通知写满了四十个字，" * 3, kind="a_later_word"),
    NoticeLine(id="n5", line="去县城的班车改到早上七点发车。", kind="bus"),
    NoticeLine(id="n6", line="后天有大风降温，请加固大棚。", kind="weather"),
    NoticeLine(id="n7", line="示例西村停水一天。", kind="water_cut"),
]
NOTICES = NoticesShown(notices=NOTICE_LINES)
NOTICE = NoticeShown(
    id="n1",
    line=NOTICE_LINES[0].line,
    text="停电范围：示例东村一组、二组。\n冰箱少开门，养殖户提前备好发电机。",
    kind="power_cut",
    source="示例供电所",
    owner="示例所长 0000-1234567",
    until=MORNING + 86_400_000,
)
NOTICE_LONGEST = msgspec.structs.replace(NOTICE, text="很长的正文，一段接着一段。\n" * 140)
NOTICE_OVER = NoticeShown(id="n1")
RESTING = msgspec.structs.replace(HOME, rest_min=2)
DARK = msgspec.structs.replace(HOME, theme="dark", notice=NOTICE_LINES[0].line)
NOTICED = msgspec.structs.replace(HOME, notice="明天上午九点停电检修，请提前安排。" * 3, quality="restored")


def lack(window: str, mark: Missing, when: LackingWhen = "now", start: int = 510) -> Lacking:
    return Lacking(window=window, start=start, mark=mark, when=when)


GREEN = TouchShown(
    colour="green",
    answer="recorded",
    name="张示例",
    direction="in",
    wall=MORNING,
    quality="synced",
    missing=["departure"],
    touch=TOUCH,
    lacking=[lack("上午坐班", "departure")],
    again_within_ms=10_000,
)
LEAVING = msgspec.structs.replace(GREEN, direction="out", missing=[], lacking=[], complete=True)
REPEAT = msgspec.structs.replace(GREEN, answer="repeat", touch=None, again_within_ms=0)
REPEAT_LATER = msgspec.structs.replace(GREEN, answer="repeat")
AGAIN = msgspec.structs.replace(GREEN, answer="repeat", choose_within_ms=10_000)
CHOSEN = msgspec.structs.replace(GREEN, answer="repeat", again_within_ms=4_000, chosen="out", confirm_within_ms=10_000)
CORRECTED = msgspec.structs.replace(
    GREEN, direction="out", again_within_ms=4_000, corrected=True, lacking=[], complete=True
)
LACKING = msgspec.structs.replace(
    GREEN,
    direction="out",
    lacking=[
        lack("上午坐班", "arrival", "past"),
        lack("上午坐班", "departure", "past"),
        lack("下午坐班", "arrival", "past", 870),
    ],
)
AFTERNOON_PAST = lack("下午坐班", "arrival", "past", 870)
CORRECTABLE = msgspec.structs.replace(
    LACKING,
    lacking=[
        lack("上午坐班", "departure", "past"),
        msgspec.structs.replace(AFTERNOON_PAST, correctable=True),
    ],
)
CORRECTABLE_AGAIN = msgspec.structs.replace(CORRECTABLE, answer="repeat", choose_within_ms=10_000)
UNKNOWN = TouchShown(colour="amber", answer="unknown", wall=MORNING, quality="synced")
NO_LIST = msgspec.structs.replace(UNKNOWN, no_list=True)
LOST = TouchShown(colour="amber", answer="lost", wall=MORNING, quality="restored")
FULL = TouchShown(colour="red", answer="not_recorded", problem="disk_full", wall=MORNING, quality="synced")
UNDIRECTED = msgspec.structs.replace(GREEN, direction=None, missing=[], lacking=[])
UNDATED = msgspec.structs.replace(GREEN, direction=None, missing=[], lacking=[], quality="restored")
AGAIN_UNDIRECTED = msgspec.structs.replace(UNDIRECTED, answer="repeat", choose_within_ms=10_000)
CHOSEN_UNDIRECTED = msgspec.structs.replace(
    UNDIRECTED, answer="repeat", again_within_ms=4_000, chosen="out", confirm_within_ms=10_000
)
AGAIN_UNDATED = msgspec.structs.replace(UNDATED, answer="repeat", choose_within_ms=10_000)
CROWD = [
    msgspec.structs.replace(GREEN, name=DOTTED),
    UNKNOWN,
    msgspec.structs.replace(LEAVING, name=TWELVE),
    msgspec.structs.replace(LACKING, name="很长的名字" * 12),
]
"""Four people one right after the other."""

COMMON = PackLine(pack="sample-common", title="示例：村里常用知识", sample=True, levels=4)
FIRE = PackLine(pack="fire", title="防火常识", levels=2, passed=1, stars=2)
MAP = MapShown(packs=[COMMON, FIRE])
"""Without a visit."""


def level(name: str, stars: int, *, pack: PackLine = COMMON, is_open: bool = True) -> LevelChoice:
    return LevelChoice(
        pack=pack.pack,
        level=name,
        title=pack.title,
        name=f"第{name}关",
        sample=pack.sample,
        best_stars=stars,
        open=is_open,
    )


PACK = PackShown(pack=COMMON, levels=[level("一", 0), *(level(name, 0, is_open=False) for name in "二三四")])
QUESTION = QuestionShown(
    run="r1",
    title="示例：村里常用知识",
    level="第一关",
    sample=True,
    number=2,
    of=5,
    lives=3,
    kind="single",
    question="fire-number",
    stem="家里或山上着火了，应该马上拨打哪个电话？",
    options=["114", "119", "122", "10086"],
)
MULTIPLE = msgspec.structs.replace(
    QUESTION,
    kind="multiple",
    question="three-disclosures",
    number=3,
    lives=2,
    stem="“三务公开”要公开哪三项？",
    options=["党务", "家务", "村务", "商务", "财务"],
)
ORDERING = msgspec.structs.replace(
    QUESTION,
    kind="ordering",
    question="four-steps",
    number=4,
    lives=1,
    stem="村里的重大事项按“四议”决策，请按先后排出顺序。",
    options=["党员大会审议", "村党组织提议", "村民代表会议决议", "村“两委”会议商议"],
)
LONGEST = msgspec.structs.replace(
    ORDERING,
    stem="这是一道写满六十个字的题，" * 4 + "看看最小的窗口吗",
    options=[f"这是第{n}个写满二十四个字的选项用来看看放不放得下" for n in "一二三四五六"],
)

RIGHT = Marked(
    run="r1",
    question="fire-number",
    right=True,
    chosen=[1],
    answer=[1],
    explanation="119 是全国统一的火警电话。打通后说清地点、烧的是什么、火势大小，并到路口等消防车。",
    source="工业和信息化部《电信网编号计划》",
    lives=3,
)
MISTAKEN = msgspec.structs.replace(RIGHT, right=False, chosen=[0], lives=2)
WRONG = msgspec.structs.replace(
    RIGHT,
    question="three-disclosures",
    right=False,
    chosen=[0, 1],
    answer=[0, 2, 4],
    explanation="三务是党务、村务、财务。公开要经常化、制度化、规范化，让群众看得到、看得懂。",
    source="中办、国办《关于加强和改进乡村治理的指导意见》，2019 年",
    lives=1,
)
LONGEST_MARKED = msgspec.structs.replace(
    RIGHT,
    question=LONGEST.question,
    right=False,
    chosen=[5, 4, 3, 2, 1, 0],
    answer=[0, 1, 2, 3, 4, 5],
    explanation="解释最多写一百二十个字，" * 10,
    source="来源最多写六十个字，" * 6,
    lives=0,
)
PASSED = LevelOver(run="r1", passed=True, stars=2, right=4, of=5)
FAILED = LevelOver(run="r1", passed=False, stars=0, right=1, of=4)


WRONG_ONE, WRONG_TWO = (QUESTION, MISTAKEN), (MULTIPLE, WRONG)


OFFERED = msgspec.structs.replace(GREEN, visit="00" * 8)
CONTACT = HelpContact(name="王示例", phone="000-12345678")
HELP_SENT = msgspec.structs.replace(HOME, help=HelpState(asked=HOME.wall - 180_000, sent=True), contact=CONTACT)
HELP_SEEN = msgspec.structs.replace(
    HOME,
    help=HelpState(asked=HOME.wall - 180_000, sent=True, seen=HOME.wall - 60_000, by="示例镇 买买提·吐尔逊·示例"),
    contact=CONTACT,
)
RECEIPT = FeedbackTaken(number=receipt_number(bytes(range(16))))
FOLLOWED = FollowedUp(
    number=RECEIPT.number,
    known=True,
    given=HOME.wall - 86_400_000,
    topic="lamps",
    matter="broken",
    sent=True,
    state="answered",
    office="示例镇",
    at=HOME.wall - 3_600_000,
    text="示例：村东头的路灯换了新灯泡，今天晚上起亮。再坏了请接着提。",
)

VISIT = VisitShown(visit="00" * 8, name="张示例", opened_by="card", can=["month", "requests", "learning", "set_pin"])
VISIT_BY_NUMBER = VisitShown(
    visit="11" * 8, name="李示例", opened_by="number", can=["month", "a_later_code", "requests", "learning", "clock"]
)
VISIT_LONGEST = msgspec.structs.replace(VISIT_BY_NUMBER, name="很长的名字" * 12)
_DAY = "2026-11-24"
MONTH = MonthShown(
    visit=VISIT.visit,
    page=0,
    pages=9,
    begins="2026-11-01",
    lines=[
        MonthLine(line=0, state="waiting", day=_DAY, minute=1_060, by_number=True),
        MonthLine(
            line=1, state="counted", day=_DAY, minute=1_052, direction="out", request="482913", request_state="open"
        ),
        MonthLine(line=2, state="corrected", day="2026-11-23", minute=485, direction="in", where="演示村"),
        MonthLine(line=3, state="lost_card", day="2026-11-20", minute=487, direction="in"),
        MonthLine(line=4, state="undated"),
    ],
    lacking=[WindowLacks(window="上午坐班", marks=["arrival", "departure"])],
    days=[_DAY, *(f"2026-11-{day:02}" for day in range(23, 10, -1))],
    windows=[
        DayWindow(day=_DAY, start=510, end=720, window="上午坐班"),
        DayWindow(day=_DAY, start=840, end=1_050, window="下午坐班"),
    ],
)
MONTH_LONGEST = replace(
    MONTH,
    lines=[
        replace(line, where="很长的村名" * 12, day=_DAY, minute=1_052, direction="out", by_number=True)
        for line in MONTH.lines
    ],
)
MONTH_UNDATED = replace(MONTH, pages=1, begins=None, lines=[], lacking=[], days=[], windows=[])
TAKEN = RequestTaken(visit=VISIT.visit, number="482913", state="open", undated=True)
REQUESTS = RequestsShown(
    visit=VISIT.visit,
    page=0,
    pages=2,
    requests=[
        OwnRequest(
            request="00" * 16, number="482913", kind="objection", code="time", state="open", made=_DAY, day=_DAY
        ),
        OwnRequest(
            request="11" * 16,
            number="771204",
            kind="correction",
            code="arrival",
            state="refused",
            made="2026-11-20",
            day="2026-11-19",
            answer="当天值班表上没有您，" * 39,
            answered="2026-11-21",
            listed=True,
        ),
        OwnRequest(request="22" * 16, number="000017", kind="correction", code="departure", state="accepted"),
        OwnRequest(request="33" * 16, number="000018", kind="a_later_kind", code="a_later_code", state="withdrawn"),
    ],
)
ASKING = AskingShown(
    visit=VISIT.visit,
    today=_DAY,
    turns=[
        DayWindow(day=day, start=start, end=start + 210, window=window)
        for day in (_DAY, "2026-11-25", "2026-11-26", "2026-11-27")
        for start, window in ((510, "上午坐班"), (840, "下午坐班"))
    ][1:],
    people=[Colleague(person="a2", name="李示例"), Colleague(person="a3", name=DOTTED)],
)
SWAPS = replace(
    ASKING,
    swaps=[
        SwapAsked(request="44" * 16, name="赵示例", day="2026-11-26", start=1_080, end=1_920, window="夜班"),
        SwapAsked(request="55" * 16, name="孙示例", day="2026-11-27", start=510, end=720),
    ],
)
NO_DATE = replace(ASKING, today=None, turns=[])
AWAY = OwnRequest(
    request="66" * 16,
    number="000019",
    kind="leave",
    code="annual",
    state="accepted",
    made=_DAY,
    day="2026-11-26",
    until="2026-11-30",
    from_noon=True,
    answer="示例镇 镇干部：同意",
    answered=_DAY,
    listed=True,
)
RESULTS = ResultsShown(
    visit=VISIT.visit,
    page=0,
    pages=2,
    through="2026-11-15",
    told="2026-11-24",
    lines=[
        ResultLine(
            day="2026-11-23",
            start=510,
            end=720,
            window="上午坐班",
            result="late",
            late=12,
            why="8:42 到，迟 12 分钟；12:05 走。",
            may_report=True,
        ),
        ResultLine(
            day="2026-11-20",
            start=840,
            end=1_050,
            window="下午坐班",
            result="missing",
            why="14:02 到；没有下班卡。",
            may_report=True,
            request="482913",
            request_state="open",
        ),
        ResultLine(day="2026-11-19", start=510, result="awaiting", why="8:20 到；没有下班卡。", waits=["演示村"]),
        ResultLine(day="2026-11-12", start=510, result="leave", kind="sick", why="请假（病假）盖住了这个班。"),
        ResultLine(day="2026-11-05", start=510, result="absent", why="没有上班卡；没有下班卡。"),
    ],
)
RESULTS_LONGEST = replace(
    RESULTS,
    lines=[
        ResultLine(
            day="2026-11-23",
            start=510,
            end=720,
            window="很长的值班时段名称" * 3,
            result="late",
            late=1_212,
            early=1_120,
            why="只看 9:10 到 11:50；11月23日 10:42 到（补卡），迟 1212 分钟；" * 3 + "够得上旷工。",
            waits=["很长的村名" * 4] * 8,
            request="482913",
            request_state="refused",
            may_report=True,
        )
    ]
    * 5,
)
VISIT_WITH_RESULTS = msgspec.structs.replace(VISIT, can=["month", "results", "requests", "learning", "set_pin"])
VISIT_WITH_PHONE = msgspec.structs.replace(VISIT, can=["month", "learning", "phone"])
PHONE_CODE = PhoneCode(
    visit=VISIT.visit, address="https://door.example.cn/K#23456789ABCD", code="23456789ABCD", lasts_ms=300_000
)
PHONE_CODE_LONGEST = msgspec.structs.replace(
    PHONE_CODE, address=f"https://{'a-county-with-a-long-name.' * 3}example.cn:28443/K#{PHONE_CODE.code}"
)
BY_NUMBER = msgspec.structs.replace(HOME, number_sign_in=True)


def one_question_level(message: ToAgent) -> list[ToKiosk]:
    """An agent that asks one question, for which the second option is right."""
    match message:
        case OpenMap():
            return [MAP]
        case OpenPack():
            return [PACK]
        case OpenLevel():
            return [QUESTION]
        case AnswerQuestion():
            right = message.chosen == [1]
            return [msgspec.structs.replace(RIGHT, right=right, chosen=message.chosen, lives=2 + right)]
        case NextQuestion():
            return [PASSED]
        case ChooseDirection():
            return [msgspec.structs.replace(CHOSEN, chosen=message.direction)]
        case KeepDirection():
            return [REPEAT_LATER]
        case _:
            return []


def _hits(*titles: str, kind: str = "disclosure") -> list[Hit]:
    return [Hit(bundle="finance", of=f"d{number}", kind=kind, title=title) for number, title in enumerate(titles)]


FOUND = Found(
    digits="28",
    hits=[
        *_hits("2026年农业补贴名单"),
        Hit(bundle="policies", of="p1", kind="library", title="农机购置补贴怎么申请"),
        Hit(bundle="n1", of="n1", kind="notices", title="补贴发放通知"),
        Hit(bundle="sample", kind="questions", title="示例补贴政策"),
    ],
)
NEWEST = replace(FOUND, digits="")
FOUND_NOTHING = Found(digits="28")
FOUND_MANY = Found(
    digits="28", hits=_hits(*["示例东村二〇二六年农业生产补贴发放情况公示" * 3] * MAX_HITS)[:MAX_HITS], more=True
)
FOUND_UNSORTED = Found(digits="28", hits=_hits("补贴名单"), ready=False)
