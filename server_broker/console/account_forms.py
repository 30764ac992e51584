"""The forms of an account in the data tables."""

import hashlib
from typing import Any

from django import forms
from unfold.forms import UserChangeForm, UserCreationForm

from server_broker.accounts.models import User
from server_broker.accounts.names import check_name

CHANGED_MEANWHILE = "这个账号刚刚被别人改过，没有保存。请重新打开本页，核对后再改。"


class AccountAddForm(UserCreationForm):
    """A new account, under a name that nobody takes for another's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django lets them be empty for an account without a password, which this page does not offer.
        self.fields["password1"].required = self.fields["password2"].required = True

    def clean_username(self) -> str:
        """Refuse what is taken already, whatever its case, and what could be mistaken."""
        name: str = self.cleaned_data["username"]
        check_name(name)
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(f"已有账号 {name}（不分大小写），请换一个名字。", code="unique")
        return name


class AccountChangeForm(UserChangeForm):
    """What an account is for. Saved only while the account is as the page showed it.

    Two administrators may have one page open. The later would put back what the earlier changed, such as an account
    that was closed meanwhile, without having seen it.
    """

    shown = forms.CharField(widget=forms.HiddenInput, required=False, label="")
    """A fingerprint of the account as the page showed it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stands = fingerprint(self.instance)
        self.initial["shown"] = self._stands

    def clean(self) -> dict[str, Any]:
        """Refuse what was typed over another's change. The row is locked by then."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("shown") != self._stands:
            raise forms.ValidationError(CHANGED_MEANWHILE)
        return cleaned


def fingerprint(account: User) -> str:
    """Return a text that differs once the account was changed."""
    stands = (account.role, account.region_id, account.is_active, account.password)
    return hashlib.sha256("\0".join(map(str, stands)).encode()).hexdigest()[:32]
