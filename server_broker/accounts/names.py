"""What an account may be called. The audit log and the orders tell people by their names."""

import re

from django.core.exceptions import ValidationError

_OWN_ACTORS = frozenset({"service", "cunhui-server", "local"})
"""As whom the county's own programs stand in the audit log."""
_NAME = re.compile(r"[A-Za-z0-9㐀-䶿一-鿿〇][A-Za-z0-9._\-㐀-䶿一-鿿〇]*")
"""ASCII and Chinese characters (Unicode blocks CJK Unified Ideographs and its Extension A). A Cyrillic ``а`` looks like
the Latin one, and a name of both like another's."""


def check_name(name: str) -> None:
    """Take a new account's name.

    Raises:
        ValidationError: It could be taken for another's, or for the service's own.
    """
    if not _NAME.fullmatch(name):
        raise ValidationError("只能用英文字母、数字、汉字和 . _ - ，并以字母、数字或汉字开头。")
    if name.lower() in _OWN_ACTORS:
        raise ValidationError("这个名字留给系统自己用，请换一个。")
