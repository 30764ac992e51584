"""The reason that somebody gives for a deed. It is kept for good, so no identity number may stand in it."""

from django import forms
from django.core.exceptions import ValidationError

from server_broker.people.identity import identity_number_in

_TYPED = "identity_number"


def _refuse_identity_number(text: str) -> None:
    if identity_number_in(text):
        raise ValidationError("理由会一直留在记录里，请不要写身份证号，写姓名或编号", code=_TYPED)


class ReasonField(forms.CharField):
    """Four to 200 characters."""

    def __init__(self) -> None:
        super().__init__(min_length=4, max_length=200, validators=[_refuse_identity_number])


def refusal_text(form: forms.Form, otherwise: str) -> str:
    """Return what a person is told about a form that is not valid: of an identity number first."""
    told = [error.message for errors in form.errors.as_data().values() for error in errors if error.code == _TYPED]
    return str(told[0]) if told else otherwise
