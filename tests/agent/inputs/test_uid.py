"""What readers print, and which card number it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.inputs.uid import FORMATS, Format, formats_that_fit, uid_as_sent
from protocol.cards import UID_BYTES, normalise_uid
from protocol.refusal import Refused

CARD = "04a22b1c"


@pytest.mark.parametrize(
    ("printed", "form"),
    [
        ("04A22B1C", "hex"),
        ("04a22b1c", "hex"),
        ("1C2BA204", "hex_reversed"),
        ("77736732", "decimal"),
        ("0077736732", "decimal"),
        ("472621572", "decimal_reversed"),
        ("0472621572", "decimal_reversed"),
        ("0077736732", "8H10D"),
    ],
)
def test_one_card_in_every_form(printed: str, form: Format) -> None:
    assert uid_as_sent(printed, form) == CARD
    assert form in formats_that_fit(printed, CARD)


def test_the_number_on_an_em4100_is_the_last_four_bytes_of_five() -> None:
    assert uid_as_sent("0007625328", "8H10D") == "00745a70"
    assert formats_that_fit("0007625328", "0900745a70") == []
    assert formats_that_fit("0038662330992", "0900745a70") == ["decimal"]


@pytest.mark.parametrize(
    ("printed", "form"),
    [
        ("", "hex"),
        ("04A22B1", "hex"),
        ("04 A2 2B 1C", "hex"),
        ("0x04A22B1C", "hex_reversed"),
        ("04A22B1C", "decimal"),
        ("-77736732", "decimal"),
        ("77_736_732", "decimal"),
        ("٧٧٧٣٦٧٣٢", "decimal"),
        ("9" * 26, "decimal"),
        ("9" * 5000, "decimal_reversed"),
        ("ab" * 5000, "hex"),
        ("077736732", "8H10D"),
        ("00777367321", "8H10D"),
        ("4294967296", "8H10D"),
        ("0077736732\n", "8H10D"),
    ],
)
def test_another_form_is_no_number(printed: str, form: Format) -> None:
    assert uid_as_sent(printed, form) == ""


@pytest.mark.parametrize("form", FORMATS)
@given(printed=st.text(max_size=50) | st.text("0123456789abcdefABCDEF", max_size=50))
def test_anything_printed_is_hex_or_nothing(form: Format, printed: str) -> None:
    uid = uid_as_sent(printed, form)
    assert bytes.fromhex(uid).hex() == uid


@given(raw=st.sampled_from(UID_BYTES).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_what_was_printed_with_all_its_zeros_is_read_back(raw: bytes) -> None:
    digits = {4: 10, 5: 13, 7: 17, 10: 25}[len(raw)]
    printed: dict[Format, str] = {
        "hex": raw.hex().upper(),
        "hex_reversed": raw[::-1].hex(),
        "decimal": str(int.from_bytes(raw, "big")).zfill(digits),
        "decimal_reversed": str(int.from_bytes(raw, "little")).zfill(digits),
    }
    assert {uid_as_sent(text, form) for form, text in printed.items()} == {raw.hex()}


def test_the_form_is_found_from_one_known_card() -> None:
    assert formats_that_fit("04A22B1C5D6E80", "04:a2:2b:1c:5d:6e:80") == ["hex"]
    assert formats_that_fit("806E5D1C2BA204", "04a22b1c5d6e80") == ["hex_reversed"]
    assert formats_that_fit("0077736732", CARD) == ["decimal", "8H10D"]
    assert formats_that_fit("0472621572", CARD) == ["decimal_reversed"]
    assert formats_that_fit("0472621573", CARD) == []


def test_a_card_that_reads_the_same_both_ways_tells_less() -> None:
    assert formats_that_fit("04a2a204", "04a2a204") == ["hex", "hex_reversed"]


def test_ten_digits_may_be_two_cards_and_the_known_one_decides() -> None:
    """Ten decimal digits are a good EM4100 number in hex, too: only the setting tells them apart."""
    assert normalise_uid(uid_as_sent("0472621572", "hex")) == "0472621572"
    assert formats_that_fit("0472621572", "0472621572") == ["hex"]


def test_a_known_card_that_is_none_is_refused() -> None:
    with pytest.raises(Refused, match="bad_uid"):
        formats_that_fit("04A22B1C", "08a22b1c")
