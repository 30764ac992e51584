"""Finding by keypad letters: what the county says of a title, so that digits find it.

Each character counts as one digit: the key on which an old telephone has the first letter of its pinyin, or that of a
Latin letter (2 = abc … 9 = wxyz); a digit counts as itself. So 补贴 is 28. The county works this out when it publishes,
because a dictionary of readings has no room in a station's memory.
"""

from typing import Annotated

from msgspec import Meta

from protocol.codec import Message
from protocol.units import ShortText

MAX_DIGITS = 40
MAX_READINGS = 8
MAX_FIND_ENTRIES = 2_000
"""In one bundle."""

KEY_LETTERS = {2: "abc", 3: "def", 4: "ghi", 5: "jkl", 6: "mno", 7: "pqrs", 8: "tuv", 9: "wxyz"}
"""The letters of each key (ITU-T E.161)."""

type FindDigits = Annotated[str, Meta(pattern=rf"^[0-9]{{1,{MAX_DIGITS}}}\Z")]


class FindEntry(Message, frozen=True, kw_only=True, array_like=True):
    """``[of, title, digits]``: something in a bundle that people can find."""

    of: ShortText
    """Its id in the bundle's content; empty: the bundle as a whole."""
    title: ShortText
    digits: Annotated[list[FindDigits], Meta(min_length=1, max_length=MAX_READINGS)]
    """The title in digits, once for each way of reading it."""
