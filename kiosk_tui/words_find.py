"""Every Chinese sentence of finding by keypad letters."""

FIND = "查找"
HOW = "按拼音首字母：补贴按 2 8"
LETTERS = "2abc 3def 4ghi 5jkl 6mno 7pqrs 8tuv 9wxyz"
LOOKING = "正在查找…"
NOTHING = "没有找到。按 * 删去一个再试。"
PRESS_ENTER = "找到了就按 Enter"
CHOOSE = "按数字看一条"
MORE = "还有更多，请再按几个字母"
SORTING = "站点还在整理，可能不全"
KEY_BACK, KEY_DELETE, KEY_TYPE, KEY_CHOOSE = "返回", "删一个", "再找", "去选"
KEY_EARLIER, KEY_LATER, KEY_HELP = "上一页", "下一页", "求助"

KINDS = {"disclosure": "公示", "library": "资料", "notices": "通知", "questions": "学习"}
"""What a hit is, by its bundle's kind."""


def hit(kind: str, title: str) -> str:
    """Return a hit as it is listed; a kind of a later version is left out."""
    return f"{KINDS[kind]}：{title}" if kind in KINDS else title


def page(number: int, of: int) -> str:
    """Return the page's place, counted from 1."""
    return f"第 {number}/{of} 页"
