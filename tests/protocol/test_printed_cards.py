"""One card, in every form that a reader prints it in: both ends turn it alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.cards import UID_BYTES
from protocol.printed_cards import FORMATS, Format, uid_as_sent


@pytest.mark.parametrize(
    ("printed", "form"),
    [
        ("04A22B1C", "hex"),
        ("1C2BA204", "hex_reversed"),
        ("77736732", "decimal"),
        ("472621572", "decimal_reversed"),
        ("0077736732", "8H10D"),
    ],
)
def test_one_card_in_every_form(printed: str, form: Format) -> None:
    assert uid_as_sent(printed, form) == "04a22b1c"


@given(st.sampled_from(UID_BYTES).flatmap(lambda length: st.binary(min_size=length, max_size=length)))
def test_every_form_comes_back(raw: bytes) -> None:
    digits = {4: 10, 5: 13, 7: 17, 10: 25}[len(raw)]
    printed = {
        "hex": raw.hex().upper(),
        "hex_reversed": raw[::-1].hex(),
        "decimal": f"{int.from_bytes(raw):0{digits}}",
        "decimal_reversed": f"{int.from_bytes(raw[::-1]):0{digits}}",
    }
    for form in FORMATS:
        if form in printed:
            assert uid_as_sent(printed[form], form) == raw.hex()
