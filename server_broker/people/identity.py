"""Recognise identity numbers that somebody types where they don't belong: the county stores none but sealed ones."""

import re
import unicodedata

from server_broker.guard.check_digits import has_right_check, is_day
from server_broker.guard.finding import find

_NUMBER = re.compile(r"(?<![0-9])(?:[0-9]{17}[0-9X]|[0-9]{15})(?![0-9])")
REMEDY = "像是身份证号。身份证号只能填在“身份证号”一栏，这里请用单位自编的编号"


def identity_number_in(text: str) -> str:
    """Return the first identity number in ``text``, or an empty string.

    Beside what the guard finds, it is anything of 18 signs with the right check digit and anything with a day of birth
    in it, of whatever province: nobody needs such a number for their staff, and one wrong digit reveals the person too.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    for found in _NUMBER.findall(re.sub(r"[\s._-]", "", plain)):
        if len(found) == 18 and (has_right_check(found) or is_day(found[6:14])):
            return str(found)
        # The year of birth has two digits in the older numbers, and is in the twentieth century.
        if len(found) == 15 and is_day(f"19{found[6:12]}"):
            return str(found)
    return next((finding.value for finding in find(text) if finding.what == "identity_number"), "")
