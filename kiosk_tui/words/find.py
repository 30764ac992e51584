"""Every Chinese sentence of finding by keypad letters."""

from kiosk_tui.catalogue import _
from kiosk_tui.words.common import labelled

FIND = _("查找")
HOW = _("按拼音首字母：补贴按 2 8")
LETTERS = "2abc 3def 4ghi 5jkl 6mno 7pqrs 8tuv 9wxyz"
LOOKING = _("正在查找…")
NOTHING = _("没有找到。按 * 删一位再试。")
PRESS_ENTER = _("找到了就按 Enter")
CHOOSE = _("按数字看一条")
MORE = _("还有更多，请再按几个字母")
SORTING = _("本站还在整理，可能不全")
KEY_BACK, KEY_TYPE, KEY_CHOOSE = _("返回"), _("再找"), _("去选")
NEWEST = _("不会拼音？最近的这些，按 Enter 去选：")

KINDS = {"disclosure": _("公示"), "library": _("资料"), "notices": _("通知"), "questions": _("学习")}
"""What a hit is, by its bundle's kind."""


def hit(kind: str, title: str) -> str:
    """Return a hit as it is listed; a kind of a later version is left out."""
    return labelled(KINDS[kind], title) if kind in KINDS else title


def page(number: int, of: int) -> str:
    """Return the page's place, counted from 1."""
    return _("第 {number}/{of} 页").format(number=number, of=of)
