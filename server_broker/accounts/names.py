"""Check account names. The audit log and commands identify people by these names."""

import re

from django.core.exceptions import ValidationError

_OWN_ACTORS = frozenset({"service", "cunhui-server", "local"})
"""Names of the county's own programs in the audit log."""
_NAME = re.compile(r"[A-Za-z0-9㐀-䶿一-鿿〇][A-Za-z0-9._\-㐀-䶿一-鿿〇]*")
"""ASCII and Chinese characters (Unicode blocks CJK Unified Ideographs and its Extension A). Others are
refused, because a Cyrillic ``а`` looks like a Latin one, and so one name could look like another."""


def check_name(name: str) -> None:
    """Check a new account's name.

    Raises:
        ValidationError: The name could be mistaken for another account's, or for one of the county's programs.
    """
    if not _NAME.fullmatch(name):
        raise ValidationError("只能用英文字母、数字、汉字和 . _ - ，并以字母、数字或汉字开头。")
    if name.lower() in _OWN_ACTORS:
        raise ValidationError("这个名字留给系统自己用，请换一个。")
