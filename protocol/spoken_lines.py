"""The sentences that a kiosk can say aloud, by their codes: the county records them, stations play them.

None of them holds a name, a number or anything else of one person. The kiosk's own words are the same, letter for
letter; `tests/kiosk_tui/test_spoken.py` compares them. A clip says which words were recorded, so that a sentence that
was changed since is silent until somebody records it again.
"""

from collections.abc import Mapping

SPOKEN: Mapping[str, str] = {
    "present_card": "请把卡贴到读卡器上",
    "reader_gone": "读卡器没有准备好，暂时不能打卡，请联系镇办。",
    "ask_card": "请把您的卡贴到读卡器上",
    "ask_card.then": "看到打卡结果，再按 1。",
    "ask_card.what": "这里看您的打卡和学习。看完按 0 退出。",
    "touch.recorded": "打卡成功",
    "touch.repeat": "刚才已经打过，不用再打。",
    "touch.unknown": "这张卡还没有登记，核对以后照样算数。",
    "touch.lost": "请联系镇办",
    "touch.not_recorded": "没有记录",
    "touch.disk_full": "站点存满了，请联系镇办。",
    "touch.disk_error": "站点存储出了故障，请联系镇办。",
    "touch.bad_card": "卡读不出来，请再刷一次；不行请联系镇办。",
    "touch.too_fast": "刷得太快了，请等一下再刷。",
    "learn.choose_level": "请按数字选一关",
    "learn.no_levels": "现在还没有可以学习的内容。县里下发以后，这里会自动出现。",
    "learn.single": "单选：按数字作答",
    "learn.multiple": "多选：按数字选择，选好按 Enter",
    "learn.true_false": "判断：按数字作答",
    "learn.ordering": "排序：按先后依次按数字，选好按 Enter",
    "learn.leave": "再按一次 0 就离开本关，按其他键继续答题。",
    "learn.right": "答对了",
    "learn.wrong": "答错了",
    "learn.passed": "过关了",
    "learn.failed": "没有过关",
    "learn.well_done": "做得好！答题记录已保存在本站。",
    "learn.try_again": "没关系，按 2 看看错题，再来一次。",
    "help.called": "已记下这里有人求助，有网就送到镇办。",
    "help.1": "把卡贴近读卡器，看到“打卡成功”就好了。任何画面都可以打卡。",
    "help.2": "上班、下班记反了，马上再刷一次卡，照提示改；改不了请找镇办。",
    "help.3": "按画面上的数字。0 返回，7、8 翻页，Enter 接着看。",
    "help.4": "打卡结果没看清，按 * 多看一会儿；过后请再刷一次卡。",
    "help.5": "按 / 把字变大，再按更大，再按复原。",
    "help.6": "没有网络也照常打卡，记录存在本站，有网自动上传。",
    "help.7": "请找值班村干部，或者打镇办电话。",
}


def spoken_as(text: str) -> str:
    """Return a sentence of a screen as it is spoken: without the sign that stands before it."""
    return text.lstrip("✓×！… \u3000")
