"""Write people and rosters as Excel files: an empty template to fill in, or what the county has in a scope."""

from collections.abc import Iterable

from django.db.models import Q

from server_broker.attendance.models import DaysKind, DutyWindow, Marks, WindowRecord
from server_broker.attendance.seasons import season_words
from server_broker.attendance.times import clock
from server_broker.fleet.models import Station
from server_broker.people.models import Person, Unit, UnitKind
from server_broker.regions.models import Region
from server_broker.rosters.changes import days, days_word
from server_broker.rosters.rows import BOOK
from server_broker.sheets.writing import workbook_of

_NOTES = (
    "每个工作表只填需要导入的行；不填的工作表可以删除。",
    "代码、编号、卡号各列已设为“文本”，请不要改成“常规”，否则 Excel 会丢掉前面的 0。",
    "卡号是读卡器读出的号码。“卡号格式”写明它是哪一种："
    "十六进制（8、10、14 或 20 位）、十六进制反码、十进制、十进制反码、十进制10位。",
    "卡面上印的 8 位或 3+5 号码只有卡号的一部分，不能导入：请在站点碰一次卡，到发卡台绑定。",
    "导出文件里没有卡号，县里也不保存卡号原文。",
    "身份证号、手机号可以不填；空着的不改县里已有的。这两列要设为“文本”，县里加密保存，导出的文件里没有。",
    "编号由单位自编，不要用身份证号。编号已经有人、姓名却不同的行，导入时要您确认是改名。",
    "星期可以写 1-5、一至五、一、三、五 或 工作日；时间写成 08:30 的样子；结束早于开始表示到次日。",
    "“单位”的“性质”填 镇办、县直部门、党支部 或 村两委。",
    "谁任什么职务，在“单位”页的“换届”里导入：先有单位和人员，再传职务表。",
    "人员编号一格可以写多个，用逗号隔开。",
    "“日子”填 按星期 或 指定日期；指定日期的不填星期，哪天谁值班在“排班”里排。",
    "指定日期的，人员编号空着就是没有固定的人。",
    "“季节”写成 05-01 至 09-30，全年的不填；“打卡”填 上下班都打卡、一天打首尾两次 或 只打上班；“带班”写人员编号。",
    "没有“日子”“季节”“打卡”“带班”这几列的文件，不改县里已有的这几项；有这一列而空着，就是按星期、全年、上下班都打卡、没有带班。",
    "只按职务排的值班不在这里，请在值班页面改。",
    "也可以上传 .csv（一个文件一个表，UTF-8 或 GBK 都行），程序按表头认是哪个表。",
    "有一行不对，整个文件都不会导入；所有错误会一次列出。",
)


def terms_written(window: DutyWindow | WindowRecord, leaders: Iterable[str]) -> tuple[str, str, str, str]:
    """Return what the columns of a window's days, season, marks and leaders say."""
    named = window.days == DaysKind.NAMED
    season = "" if window.season_from == 0 else season_words((window.season_from, window.season_to))
    return days_word(named), season, str(Marks(window.marks).label), "，".join(leaders)


def template() -> bytes:
    """Return an empty workbook with every sheet, its columns set to text, and notes that explain how to fill it in."""
    return workbook_of(BOOK, {}, _NOTES)


def export_people(scope: str) -> bytes:
    """Return what lies in the subtree of the region ``scope``, as a file that can be imported again.

    Imported again unchanged it changes nothing. So it has neither villages that were merged into others nor people who
    have left. The sheet of cards is empty, because the county stores no card numbers. The columns of people's numbers
    are empty, because nobody has given a reason to see each. The file has no windows by the week that name nobody but
    posts. Who is in a window on single dates is in files of their own (`rosters.month_export`).
    """
    regions = Region.objects.all().under(scope).filter(ended=False)
    windows = DutyWindow.objects.filter(Q(people__isnull=False) | Q(days=DaysKind.NAMED), village__in=regions)
    windows = windows.distinct().order_by("village", "name").prefetch_related("people")
    return workbook_of(
        BOOK,
        {
            "区划": regions.values_list("code", "name"),
            "站点": Station.objects.all().under(scope).values_list("id", "name", "village_id"),
            "单位": (
                (unit.region_id, unit.name, UnitKind(unit.kind).label)
                for unit in Unit.objects.filter(region__in=regions, ended=False).order_by("region", "name")
            ),
            "人员": Person.objects.filter(village__in=regions, left=False).values_list("number", "name", "village_id"),
            "值班": (
                (
                    window.village_id,
                    window.name,
                    days(window.weekdays),
                    clock(window.start),
                    clock(window.end),
                    "，".join(person.number for person in window.people.all()),
                    *terms_written(window, (one.number for one in window.people.all() if one.pk in window.leaders)),
                )
                for window in windows
            ),
        },
        _NOTES,
    )
