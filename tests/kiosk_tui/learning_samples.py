"""Plainly fictional packs and runs, with the way to each screen of learning."""

import io
from copy import replace

from PIL import Image, ImageDraw

from protocol.kiosk import Sorry
from protocol.kiosk_documents import PictureShown
from protocol.kiosk_learning import (
    Amended,
    BookLine,
    LevelOver,
    MapShown,
    MenuLine,
    PackLine,
    PackShown,
)
from tests.kiosk_tui import samples

VISIT = samples.VISIT.visit
LAW = PackLine(
    pack="law",
    title="村民委员会组织法新在哪里",
    part="required",
    until="2026-12-25",
    levels=4,
    passed=2,
    stars=5,
    new=True,
)
LATE = replace(LAW, pack="late", title="示例：残疾人保障", until="2026-11-20", passed=0, stars=0, new=False)
DONE = replace(LAW, pack="done", title="示例：安全用电", until="2026-11-30", passed=4, stars=12, new=False)
CHOSEN = PackLine(pack="bees", title="示例：养蜂入门", part="chosen", levels=3, passed=1, stars=3)
MENU = PackLine(pack="phone", title="示例：用手机办事", part="menu", levels=3, colleagues=12, new=True)
BOOK = BookLine(due=3, all=7, next="2026-11-24")
MY_MAP = MapShown(
    visit=VISIT,
    packs=[LATE, LAW, CHOSEN, MENU],
    menu=MenuLine(title="示例菜单", choose=2, chosen=1),
    book=BOOK,
    levels_left=4,
)
FULL_MAP = replace(MY_MAP, pages=2, packs=[LATE, LAW, DONE, CHOSEN, MENU, samples.FIRE])
LONG = "很长的名字" * 12
LONGEST_MAP = replace(
    FULL_MAP,
    pages=200,
    packs=[replace(LATE, title=LONG, sample=True, levels=50, passed=49, stars=147, new=True, until="2025-10-20")] * 3
    + [replace(MENU, title=LONG, levels=50, colleagues=10_000)] * 3,
    menu=MenuLine(title=LONG, choose=50, chosen=0),
    book=BookLine(due=1_000, all=1_000),
)
ENOUGH_MAP = replace(MY_MAP, levels_left=0, book=BookLine(due=4, all=9, rested=True))
AHEAD_MAP = replace(MY_MAP, book=BookLine(due=0, all=5, next="2026-11-25"), menu=MenuLine(title="", choose=1, chosen=1))
UNDATED_MAP = replace(MY_MAP, packs=[LATE], book=BookLine(due=0, all=0, undated=2), menu=None, levels_left=None)
EMPTY_MAP = replace(samples.MAP, packs=[])
ONE_MAP = replace(samples.MAP, packs=[samples.COMMON])
AMENDED = Amended(
    title="示例：安全用电",
    stem="触电了，第一步做什么？",
    right=True,
    answer=["断开电源"],
    explanation="人带着电，直接去拉会一起触电。先断电，再救人。",
)
AMENDED_WRONG = replace(AMENDED, stem="“三务公开”要公开哪三项？", right=False, answer=["党务", "村务", "财务"])
LONGEST_AMENDED = replace(AMENDED_WRONG, title=LONG, stem=samples.LONGEST.stem, answer=list(samples.LONGEST.options))
AMENDED_MAP = replace(MY_MAP, amended=[AMENDED, AMENDED_WRONG])


LAW_PACK = PackShown(
    visit=VISIT,
    pack=LAW,
    levels=[
        *(samples.level(name, stars, pack=LAW) for name, stars in (("一", 3), ("二", 2), ("三", 0))),
        samples.level("四", 0, pack=LAW, is_open=False),
    ],
)
ENOUGH_PACK = replace(LAW_PACK, levels_left=0)
MENU_PACK = PackShown(
    visit=VISIT, pack=MENU, levels=[samples.level(name, 0, pack=MENU, is_open=name == "一") for name in "一二三"]
)
CHOSEN_PACK = replace(MENU_PACK, pack=replace(MENU, part="chosen"))
LONGEST_PACK = PackShown(
    visit=VISIT,
    pack=replace(MENU, title=LONG, sample=True, levels=50, colleagues=10_000),
    page=8,
    pages=9,
    levels=[
        replace(samples.level(f"{number}", max(0, 3 - number), pack=MENU), name=LONG, open=number < 4)
        for number in range(6)
    ],
)
ONE_PACK = replace(samples.PACK, pack=replace(samples.COMMON, levels=1), levels=samples.PACK.levels[:1])

NEXT = replace(samples.PASSED, next=samples.level("二", 0), back="2026-11-25")
ALL_RIGHT = replace(samples.PASSED, stars=3, right=5, next=samples.level("二", 0))
COMPLETE = replace(samples.PASSED, complete=True, back="2026-12-02")
REVIEW_OVER = LevelOver(run="r1", passed=True, stars=0, right=8, of=10, mode="review", back="2026-11-25", left=3)
BOOK_DONE = replace(REVIEW_OVER, right=10, left=0, back=None)
ENOUGH = replace(samples.FAILED, back="2026-11-25", left=3, levels_left=0)
"""The last level of the day; the wrong book asks three questions more."""
DONE_TODAY = replace(samples.FAILED, back="2026-11-25", levels_left=0)
ALL_DONE_TODAY = replace(BOOK_DONE, levels_left=0)
REVIEW = replace(samples.QUESTION, mode="review", of=10, lives=3)
REVIEW_WRONG = (REVIEW, samples.MISTAKEN)
LONGEST_WRONG = (samples.LONGEST, samples.LONGEST_MARKED)
PICTURED = replace(
    samples.QUESTION,
    stem="药盒上有这个标志，是什么药？",
    options=["外用药，不能吃", "非处方药，可以自己买", "处方药，要医生开", "给牲口用的药"],
    pack="sample-common",
    picture="sign.png",
)
PICTURED_MULTIPLE = replace(samples.MULTIPLE, pack="sample-common", picture="sign.png")
PICTURED_LONGEST = replace(samples.LONGEST, pack="sample-common", picture="sign.png", sound=True)
SOUNDING = replace(samples.QUESTION, stem="听到这样的警报声，该怎么办？", sound=True)


def _sign() -> bytes:
    """Draw a sign of two colours that are not the kiosk's own."""
    sign = Image.new("RGB", (96, 80), "#d8d8d8")
    ImageDraw.Draw(sign).rectangle((24, 20, 71, 59), fill="#303030")
    into = io.BytesIO()
    sign.save(into, "PNG")
    return into.getvalue()


SIGN = PictureShown(bundle="sample-common", item="sign.png", content=_sign())
NO_SIGN = replace(SIGN, content=b"")
REFUSED = Sorry(reason="not_recorded")
