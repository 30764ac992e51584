"""The forms under /admin/ that make and change an account."""

import hashlib
from typing import Any

from django import forms
from django.contrib.auth.forms import UsernameField
from unfold.forms import UserChangeForm

from server_broker.accounts.models import User
from server_broker.accounts.names import check_name
from server_broker.accounts.places import misplaced

CHANGED_MEANWHILE = "这个账号刚刚被别人改过，没有保存。请重新打开本页，核对后再改。"


class AccountAddForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """Makes an account. Its name must not look like another account's name.

    Nobody types a password for somebody else: the administrator gets a sign-in link to pass on, and whom the account is
    for chooses the password.
    """

    class Meta:
        model = User
        fields = ("username", "role", "region", "person")
        field_classes = {"username": UsernameField}

    def clean_username(self) -> str:
        """Refuse a name that exists already, in upper or lower case, or that could be mistaken for another."""
        name: str = self.cleaned_data["username"]
        check_name(name)
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(f"已有账号 {name}（不分大小写），请换一个名字。", code="unique")
        return name

    def clean(self) -> dict[str, Any]:
        """Refuse a role that does not fit the region."""
        return _in_place(super().clean() or self.cleaned_data)


class AccountChangeForm(UserChangeForm):
    """Changes an account, but only if nobody else has changed it since the page was shown.

    Two administrators may have the same page open. Without this check, the one who saves later would undo the change of
    the other without knowing it, and could open an account again that was closed meanwhile.
    """

    shown = forms.CharField(widget=forms.HiddenInput, required=False, label="")
    """A fingerprint of the account as the page showed it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._present = fingerprint(self.instance)
        self.initial["shown"] = self._present

    def clean(self) -> dict[str, Any]:
        """Refuse the change if the account is no longer as shown. `account_admin` has locked the row before."""
        cleaned = _in_place(super().clean() or self.cleaned_data)
        if cleaned.get("shown") != self._present:
            raise forms.ValidationError(CHANGED_MEANWHILE)
        return cleaned


def _in_place(cleaned: dict[str, Any]) -> dict[str, Any]:
    role, region = cleaned.get("role"), cleaned.get("region")
    if role and region and (why := misplaced(role, region.pk)):
        raise forms.ValidationError(why + "。")
    person = cleaned.get("person")
    if person is not None and person.left and cleaned.get("is_active", True):
        raise forms.ValidationError("这个人已离任，不能再有在用的账号：请停用，或清空“本人”。")
    return cleaned


def fingerprint(account: User) -> str:
    """Return a text that differs after a change of the account. It reveals nothing about the password's hash."""
    present = (account.role, account.region_id, account.person_id, account.is_active, account.password)
    return hashlib.sha256("\0".join(map(str, present)).encode()).hexdigest()[:32]
