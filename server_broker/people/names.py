"""People's names as lists write them: 张 三 is 张三, and the dot in 阿·买买提 has many forms."""

import re
import unicodedata

_DOTS = re.compile(r"\s*[·•・‧∙⋅･˙.．]\s*")
_HAN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def plain_name(written: str) -> str:
    """Return a name in its one form.

    Blanks within a Chinese name only make short names as wide as long ones. In a name of Latin letters they part words.
    """
    name = " ".join(unicodedata.normalize("NFKC", written).split())
    if not _HAN.search(name):
        return name
    return re.sub(r"\s+", "", _DOTS.sub("·", name))


def same_name(one: str, other: str) -> bool:
    """Tell whether two texts are one name."""
    return plain_name(one) == plain_name(other)
