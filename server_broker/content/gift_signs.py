"""The signs of GIFT that mean something, and what stands for them where they don't.

While a question is taken apart, an escaped sign is a noncharacter of Unicode, which no text has. So whatever is found
of ``~ = # { } :`` means something.
"""

import re

_SIGNS = "\\:#={}~"
_STAND_INS = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4\ufdd5\ufdd6\ufdd7"
_ESCAPED = re.compile(r"\\([\\:#={}~n])")
_TO_STAND_IN = dict(zip(_SIGNS + "n", _STAND_INS, strict=True))
_BACK = str.maketrans(dict(zip(_STAND_INS, _SIGNS + "\n", strict=True)))
_TO_ESCAPE = str.maketrans({**{sign: f"\\{sign}" for sign in _SIGNS}, "\n": "\\n"})
_STAND_IN = re.compile(f"[{_STAND_INS}]")


def hide(text: str) -> str:
    """Put a stand-in in the place of each escaped sign. A backslash before any other sign stays."""
    return _ESCAPED.sub(lambda found: _TO_STAND_IN[found[1]], text) if "\\" in text else text


def show(text: str) -> str:
    """Put the signs back for their stand-ins."""
    return text.translate(_BACK)


def has_stand_in(text: str) -> bool:
    """Tell whether a text that nobody has gone through yet has one of our stand-ins already."""
    return _STAND_IN.search(text) is not None


def escape(text: str) -> str:
    """Return a text so that no sign in it means anything."""
    return text.translate(_TO_ESCAPE)
