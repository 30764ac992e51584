"""Check account names. The audit log and commands identify people by these names."""

import re

from django.core.exceptions import ValidationError

_OWN_ACTORS = frozenset({"service", "cunhui-server", "local"})
"""Names of the county's own programs in the audit log."""
_NAME = re.compile(r"[A-Za-z0-9㐀-䶿一-鿿〇][A-Za-z0-9._\-㐀-䶿一-鿿〇]*")
"""ASCII and Chinese characters (Unicode blocks CJK Unified Ideographs and its Extension A). Others are
refused, because a Cyrillic ``а`` looks like a Latin one, and so one name could look like another."""
MOST_LETTERS = 150
VERBS = frozenset({"list", "set-role", "set-region", "set-person", "set-password", "unlock", "disable", "enable"})
"""Words of ``cunhui-server account``, which takes any other first word for the name of an account."""


def check_name(name: str) -> None:
    """Check a new account's name.

    Raises:
        ValidationError: The name is too long, or could be mistaken for another account's, for one of the county's
            programs, or for a word of the command line.
    """
    if len(name) > MOST_LETTERS:
        raise ValidationError(f"最多 {MOST_LETTERS} 个字。")
    if not _NAME.fullmatch(name):
        raise ValidationError("只能用英文字母、数字、汉字和 . _ - ，并以字母、数字或汉字开头。")
    if name.lower() in _OWN_ACTORS | VERBS:
        raise ValidationError("这个名字留给系统自己用，请换一个。")
