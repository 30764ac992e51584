"""Plain text of the formats that a Moodle marks a text with: ``[plain]``, ``[moodle]``, ``[html]``, ``[markdown]``.

A kiosk shows text without any markup. What only makes it look nice is taken out and said so. What carries meaning (a
picture, a table, a raised figure, a formula) can't be shown, so the question is refused.
"""

import re
from html.parser import HTMLParser

from server_broker.content.drafts import refused

FORMATS = ("moodle", "html", "plain", "markdown")
DEFAULT = "moodle"
"""Moodle's own: HTML is allowed in it, and line breaks count."""
LOOKS_LOST = "去掉了粗体、颜色一类的排版"
_MARK = re.compile(rf"\[({'|'.join(FORMATS)})\]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_REFERENCE = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]\w*);")
_TORN_TAG = re.compile(r"<[a-zA-Z/!?]")
_FORMULA = re.compile(r"\$\$|\\\(|\\\[")
_LOOKS = re.compile(
    "a|abbr|b|bdi|big|blockquote|center|code|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|tt|u|var"
)
_BREAKS = re.compile("address|article|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|section|ul")
_PICTURES = re.compile("audio|canvas|embed|iframe|img|object|picture|source|svg|track|video")
_MD_PICTURE = re.compile(r"!\[[^\]]{0,200}\]\(")
_MD_LINK = re.compile(r"\[([^\]\n]{1,200})\]\([^()\s]{0,400}\)")
_MD_STRONG = re.compile(r"(\*\*|__|\*|`)(?=[^\s*_`])(.{1,120}?)(?<=[^\s*_`])\1")
_MD_LONGEST = 2_000
"""A longer text is too long with or without its signs. These patterns take time with each sign that has no partner."""


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.looks_lost = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if _PICTURES.fullmatch(tag):
            raise refused("picture_in_text", "文字里嵌了图片、声音或视频；请把文件名写在“图片”或“声音”里")
        if not _LOOKS.fullmatch(tag) and not _BREAKS.fullmatch(tag):
            raise refused("markup", f"文字里有屏幕显示不出的格式（{tag[:16]}）；上标、下标、表格请改成文字")
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._break(tag)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def _break(self, tag: str) -> None:
        self.looks_lost = self.looks_lost or tag not in ("p", "br")
        if _BREAKS.fullmatch(tag):
            self.parts.append("\n")


def split_mark(text: str, default: str) -> tuple[str, str]:
    """Return a text without its mark, and the format that the mark or the default says."""
    if mark := _MARK.match(text):
        return text[mark.end() :], mark[1]
    return text, default


def plain(text: str, form: str, notes: list[str]) -> str:
    """Return what a person reads of a text; line breaks stay.

    Args:
        text: Without its mark.
        form: One of `FORMATS`.
        notes: Gets a sentence if something is left off.

    Raises:
        NotTaken: It holds something that a kiosk can't show.
    """
    if form == "plain":
        return text
    if _FORMULA.search(text):
        raise refused("formula", "文字里有数学公式，屏幕显示不出，请改成文字")
    if form == "markdown":
        text = _without_markdown(text, notes)
    if form == "html" or "<!--" in text or _TAG.search(text) or _REFERENCE.search(text):
        return _without_html(text, notes)
    return text


def _without_markdown(text: str, notes: list[str]) -> str:
    if len(text) > _MD_LONGEST:
        return text
    if _MD_PICTURE.search(text):
        raise refused("picture_in_text", "文字里嵌了图片；请把文件名写在“图片”里")
    bare = _MD_STRONG.sub(r"\2", _MD_LINK.sub(r"\1", text))
    if bare != text:
        _note(notes)
    return bare


def _without_html(text: str, notes: list[str]) -> str:
    shown = _without_comments(text)
    # What stands in a tag that does not end would be lost.
    if shown is None or _TORN_TAG.search(_TAG.sub("", shown)):
        raise refused("markup", "文字里有 < 开头、没有写完的格式；要显示小于号请写成“小于”")
    parser = _Plain()
    parser.feed(shown)
    parser.close()
    if parser.looks_lost:
        _note(notes)
    return "".join(parser.parts)


def _without_comments(text: str) -> str | None:
    """Return a text without the comments of HTML; None if one does not end."""
    first, *commented = text.split("<!--")
    after = [part.partition("-->") for part in commented]
    return first + "".join(rest for _, _, rest in after) if all(end for _, end, _ in after) else None


def _note(notes: list[str]) -> None:
    if LOOKS_LOST not in notes:
        notes.append(LOOKS_LOST)
