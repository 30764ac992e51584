"""The sign-in form, with its labels and refusals in Chinese."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

MAX_PASSWORD = 256
"""A bound, because Argon2 would hash a text of any length."""


class SignInForm(AuthenticationForm):
    """Name and password."""

    error_messages = {
        "invalid_login": "账号或密码不对，请再试一次。",
        "inactive": "这个账号已停用，请联系系统管理员。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "账号"
        self.fields["password"].label = "密码"
        password = self.fields["password"]
        if isinstance(password, forms.CharField):
            password.max_length = MAX_PASSWORD
