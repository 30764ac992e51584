"""Receipt numbers: both ends compute the same, and most mistakes in them are seen at once."""

from random import Random

from protocol.feedback import is_receipt_number, receipt_number


def test_a_number_is_the_same_for_ever() -> None:
    assert receipt_number(bytes(range(16))) == "5820155686"


def test_every_wrong_digit_is_seen_and_nearly_every_swap() -> None:
    random, swaps, unseen = Random(7), 0, 0
    for _ in range(200):
        number = receipt_number(random.randbytes(16))
        assert is_receipt_number(number)
        for place, digit in enumerate(number):
            others = (number[:place] + other + number[place + 1 :] for other in "0123456789" if other != digit)
            assert not any(map(is_receipt_number, others))
            if place and number[place - 1] != digit:
                swaps += 1
                unseen += is_receipt_number(number[: place - 1] + digit + number[place - 1] + number[place + 1 :])
    assert unseen < 0.04 * swaps


def test_what_is_no_ten_digits_is_no_number() -> None:
    assert not any(map(is_receipt_number, ["", "12345", "0000000000", "１２３４５６７８９０", "12345678901"]))
