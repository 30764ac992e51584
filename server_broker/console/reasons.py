"""The reason that a person gives for an action. It is stored for good, so it may not contain an identity number."""

from django import forms
from django.core.exceptions import ValidationError

from server_broker.audit.log import LEAST_REASON
from server_broker.people.identity import identity_number_in

_TYPED = "identity_number"
"""Code of the form error, by which `refusal_text` finds it."""


def _refuse_identity_number(text: str) -> None:
    if identity_number_in(text):
        raise ValidationError("理由会一直留在记录里，请不要写身份证号，写姓名或编号", code=_TYPED)


class ReasonField(forms.CharField):
    """Four to 200 characters."""

    def __init__(self) -> None:
        super().__init__(min_length=LEAST_REASON, max_length=200, validators=[_refuse_identity_number])


def refusal_text(form: forms.Form, otherwise: str) -> str:
    """Return the Chinese text for a person whose form is not valid.

    If the form contains an identity number, the text says so, because the person would not find that error alone.
    For any other error it is ``otherwise``.
    """
    for errors in form.errors.as_data().values():
        for error in errors:
            if error.code == _TYPED:
                return str(error.message)
    return otherwise
