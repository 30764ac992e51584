"""Every Chinese sentence of answer to advance: the map of packs, a question, how a run ended, the wrong book."""

from datetime import date, timedelta

from kiosk_tui.catalogue import _, counted
from kiosk_tui.words import common as words
from kiosk_tui.words import dates as words_dates
from protocol.kiosk_learning import BookLine, LevelChoice, MenuLine, PackLine
from protocol.units import DayText

LEARNING = _("学习·答题闯关")
BOOK = _("错题本")
AMENDED = _("题目更正")
NO_LEVELS = _("现在还没有可以学习的内容。县里下发以后，这里会自动出现。")
UNNAMED = _("不记名，星是这台大屏大家一起的。要留记录，请刷卡。")
"""One line on the smallest screen."""
CHOOSE_PACK = _("按数字选一门来学")
LOOK_AT_PACK = _("按数字看一门")
"""Where no level of any is left for today."""
CHOOSE_LEVEL = _("请按数字选一关")
PART = {"required": _("必学"), "chosen": _("已选"), "menu": _("选学"), "open": _("自愿")}
"""Whether somebody requires a pack, the person chose it or may choose it, or anybody plays it."""
NEW = _("新")
DONE = _("学完了")
LAST_DAY = _("今天最后一天")
NOT_PASSED_YET = _("还没过关")
FROM_HERE = _("从这里学")
PASS_THE_ONE_BEFORE = _("先过前一关")
CLOSED = _("这一关还没开，先过前一关。")
ENOUGH_CHOSEN = _("选学：选够了")
CHOSEN_NOW = _("✓  选上了。不想选，再按 Enter。")
GIVEN_UP = _("不选了。又想选，再按 Enter。")

AMENDED_BECAUSE = _("这道题改过了，您答过的重新算。")
RIGHT_NOW = _("您当时答的，现在算对。")
WRONG_NOW = _("您当时答的，现在算错，会再问您。")

KIND = {
    "single": _("单选：按数字作答"),
    "multiple": _("多选：按数字选择，选好按 Enter"),
    "true_false": _("判断：按数字作答"),
    "ordering": _("排序：按先后依次按数字，选好按 Enter"),
}
HAS_SOUND = _("♪ 这题有声音")
PICTURE_COMES = _("图片正在打开…")
NO_PICTURE = _("图片没有出来，看文字照样答。")
CHOOSE_FIRST = _("先按数字选。")
CHOOSE_ALL = _("还没排完，接着按数字。")
RECORDING = _("正在记录…")
LEAVE = _("再按 0 就离开本关，下次从头来。按其他键继续答题。")
LEAVE_NAMED = _("再按 0 就离开本关，下次从头来；答错的留在错题本。按其他键继续答题。")
LEAVE_MARKED = _("再按 0 就离开本关，下次从头来。按其他键继续看。")
LEAVE_MARKED_NAMED = _("再按 0 就离开本关，下次从头来；答错的留在错题本。按其他键继续看。")
LEAVE_ENDED = _("再按 0 就离开本关，按其他键继续看。")
"""The last answer is given: the level counts as it ended."""
LEAVE_BOOK = _("再按 0 就离开错题本，按其他键继续。")
RIGHT = _("✓  答对了")
WRONG = _("×  答错了")
ANSWER_IS = _("正确答案：")
ANSWER_ORDER = _("正确顺序：")
YOUR_ANSWER = _("您的答案：")
YOUR_ORDER = _("您的顺序：")

PASSED = _("✓  过关了")
FAILED = _("×  没有过关")
COMPLETE = _("✓  整个学习包都过了。")
RECORDED = _("成绩已记下。")
UNNAMED_OVER = _("不记名，没有留您的记录。")
TRY_AGAIN = _("没关系，看看错在哪里，再来一次。")
NEVER_MIND = _("没关系，看看错在哪里。")
"""Where it can't be tried again today."""
BOOK_DONE = _("今天的错题做完了。")

ENOUGH = _("今天的关闯够了，明天再来。")
DONE_TODAY = _("今天学完了，明天再来。")
"""Neither a level nor a review is left."""
NOTHING_DUE = _("今天没有要再问的错题。按 0 返回，选一关来学。")
LEVEL_GONE = _("这一关现在打不开。按 0 返回，选别的关。")
PACK_GONE = _("这一门现在打不开。按 0 返回，选别的。")
INTERRUPTED = _("本关已中断，请重新开始。")

KEY_LEAVE = _("离开本关")
KEY_LEAVE_BOOK = _("离开错题本")
KEY_PICTURE = _("看大图")
KEY_TO_QUESTION = _("回到题目")
KEY_NEXT = _("下一题")
KEY_RESULT = _("看结果")
KEY_NEXT_LEVEL = _("下一关")
KEY_AGAIN = _("再答一次")
KEY_GO_ON = _("接着做")
KEY_NEXT_WRONG = _("下一道错题")
KEY_REVIEWED = _("看完了")
KEY_BOOK = _("做错题本")
KEY_CHOOSE_PACK = _("选这门")
KEY_GIVE_UP = _("不选了")
KEY_SEEN = _("知道了")


def sorry(reason: str) -> str:
    """Return why a run does not begin or go on, and what to do instead."""
    known = {
        "enough_today": ENOUGH,
        "done_today": DONE_TODAY,
        "nothing_due": NOTHING_DUE,
        "no_such_level": LEVEL_GONE,
        "unknown_run": INTERRUPTED,
    }
    return known.get(reason) or words.sorry(reason)


def no_pack(reason: str) -> str:
    """Return why a pack can't be opened."""
    return PACK_GONE if reason == "no_such_level" else words.sorry(reason)


def name(title: str, *, sample: bool) -> str:
    """Return a pack's title; a sample pack is named as one."""
    return f"{words.SAMPLE}·{title}" if sample and words.SAMPLE not in title else title


def title_of(pack: PackLine) -> str:
    """Return a pack's name for the list, with a word if it is new."""
    named = name(pack.title, sample=pack.sample)
    return f"{named}  {NEW}" if pack.new else named


def part_alone(pack: PackLine) -> str:
    """Return in one word why a pack is here for the person."""
    return PART.get(pack.part, PART["open"])


def part(pack: PackLine, today: date | None) -> str:
    """Return why a pack is here for the person: required until a day, which counts too, chosen, or to be chosen."""
    if pack.part == "required" and pack.until is not None:
        return _until(pack, pack.until, today)
    said = [part_alone(pack)]
    if pack.colleagues is not None:
        said.append(counted("同岗至少 {count} 人选了", pack.colleagues))
    return " ".join(said)


def _until(pack: PackLine, until: DayText, today: date | None) -> str:
    through = _("必学到{day}").format(day=_day(until, today))
    left = time_left(pack, today)
    return _("{day}，{left}").format(day=through, left=left) if left else through


def time_left(pack: PackLine, today: date | None) -> str:
    """Return how many days are left for a required pack, or how many it is late; nothing where that is not known."""
    if pack.part != "required" or pack.until is None:
        return ""
    if pack.passed >= pack.levels:
        return DONE
    if today is None:
        return ""
    days = (date.fromisoformat(pack.until) - today).days
    if days == 0:
        return LAST_DAY
    return counted("还有 {count} 天", days) if days > 0 else counted("晚了 {count} 天", -days)


def progress(pack: PackLine) -> str:
    """Return how far a pack is: its stars, and its passed levels. Whether somebody has tried one is not known here."""
    if not pack.passed:
        return counted("{count} 关，还没过关", pack.levels)
    return _("{stars}，过 {passed}/{levels} 关").format(stars=stars_of(pack), passed=pack.passed, levels=pack.levels)


def stars_of(pack: PackLine) -> str:
    """Return the stars of a pack, of all that there are."""
    return f"★ {pack.stars}/{3 * pack.levels}"


def book(line: BookLine, today: date | None) -> str:
    """Return what the wrong book has for today, or when it asks again; nothing where it is empty."""
    if line.rested:
        return _("错题本：今天做完了，明天再来")
    if line.due:
        return counted("错题本：今天 {count} 题", line.due)
    if line.next is not None:
        asked = counted("错题本：{count} 题", line.all)
        return _("{first}，{day}再问您").format(first=asked, day=_when(line.next, today))
    return counted("错题本：{count} 题，等时间对准再问", line.undated) if line.undated else ""


def to_choose(menu: MenuLine) -> str:
    """Return how many packs of the menu are still to be chosen."""
    left = menu.choose - menu.chosen
    return counted("选学：还要选 {count} 门", left) if left > 0 else ENOUGH_CHOSEN


def levels_left(count: int) -> str:
    """Return how many levels the person can still play today."""
    return counted("今天还能闯 {count} 关", count) if count else _("今天的关闯够了")


def level(one: LevelChoice) -> str:
    """Return how far a level is, or why it is closed."""
    return stars(one.best_stars) if one.open else PASS_THE_ONE_BEFORE


def stars(count: int) -> str:
    """Return the best result so far."""
    return " ".join("★" * count + "☆" * (3 - count)) if count else NOT_PASSED_YET


def leave(*, named: bool, marked: bool, ended: bool = False) -> str:
    """Return that 0 leaves the level, and what that means: what was answered in a visit (``named``) is kept.

    Args:
        marked: An answer's explanation is shown, and no question.
        ended: It is that of the level's last answer.
    """
    if ended:
        return LEAVE_ENDED
    if marked:
        return LEAVE_MARKED_NAMED if named else LEAVE_MARKED
    return LEAVE_NAMED if named else LEAVE


def question_place(number: int, of: int) -> str:
    """Return the question's place in its level."""
    return _("第 {number}/{of} 题").format(number=number, of=of)


def lives(left: int) -> str:
    """Return how many more answers may be wrong, as signs and as a number.

    That is one less than the lives: the level ends when the last life is lost.
    """
    if left <= 0:
        return _("机会用完了")
    more = min(left, 3) - 1
    return " ".join("●" * more + "○" * (2 - more)) + "  " + counted("还可以错 {count} 次", more)


def chosen_order(numbers: list[int]) -> str:
    """Return the options picked so far in their order, as shown from 1."""
    return words.labelled(_("已排"), "→".join(str(number) for number in numbers) or _("还没有选"))


def chosen(numbers: list[int]) -> str:
    """Return the options picked so far, as shown from 1."""
    return words.labelled(_("已选"), words.listed(str(number) for number in sorted(numbers)) or _("还没有选"))


def score(right: int, of: int) -> str:
    """Return how many answers were right."""
    return _("{of} 题答对 {right} 题").format(of=of, right=right)


def verdict(*, passed: bool, count: int, right: int, of: int) -> str:
    """Return how a level ended, in one line."""
    shown = (PASSED, stars(count)) if passed else (FAILED,)
    return "  ".join((*shown, score(right, of)))


def comes_back(day: DayText, today: date | None) -> str:
    """Return when the questions that went wrong are asked again."""
    return _("答错的，{day}再问您。").format(day=_when(day, today))


def still_due(count: int) -> str:
    """Return how many questions of the wrong book are left for today."""
    return counted("今天还有 {count} 题要问您。", count) if count else BOOK_DONE


def enough_but_book(count: int) -> str:
    """Return that no level is left for today, and how many questions of the wrong book are."""
    return counted("今天的关闯够了，错题本还有 {count} 题。", count)


def wrong_place(number: int, of: int) -> str:
    """Return the place among the wrong answers, counted from 1."""
    return _("错题 {number}/{of}").format(number=number, of=of)


def more_amended(count: int) -> str:
    """Return how many corrected questions follow; nothing after the last."""
    return counted("还有 {count} 道", count) if count else ""


def other_wrong(count: int) -> str:
    """Return how many more wrong answers can be looked at."""
    return counted("看另外 {count} 道错题", count)


def source(of: str) -> str:
    """Return where an explanation comes from."""
    return _("来源：{source}").format(source=of)


def _when(day: DayText, today: date | None) -> str:
    if today is not None and date.fromisoformat(day) <= today:
        return _("今天")
    if today is not None and date.fromisoformat(day) == today + timedelta(days=1):
        return _("明天")
    return _day(day, today)


def _day(day: DayText, today: date | None) -> str:
    """Return a day; with its year where somebody might take it for one of another year."""
    at = date.fromisoformat(day)
    short = words_dates.month_day(at.month, at.day)
    near = today is not None and abs((at - today).days) < 300
    return short if near else words_dates.with_year(short, at.year)
