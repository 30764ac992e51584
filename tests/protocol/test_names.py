"""Names that people and machines type: topics, card numbers, claim codes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.cards import card_token, normalise_uid
from protocol.claim import check_digit, format_claim_code, parse_claim_code
from protocol.refusal import Refused
from protocol.topics import DOWN, UP, Down, Up, county_filter, parse, topic
from protocol.units import DayText

STATIONS = st.from_regex(r"[a-z0-9][a-z0-9-]{3,31}", fullmatch=True)


@given(shard=st.integers(0, 255), station=STATIONS, leaf=st.sampled_from([*UP, *DOWN]))
def test_topics_are_read_back(shard: int, station: str, leaf: Up | Down) -> None:
    place = parse(topic(shard=shard, station=station, leaf=leaf))
    assert (place.shard, place.station, place.leaf) == (shard, station, leaf)


@pytest.mark.parametrize("leaf", UP)
def test_the_county_hears_every_station_of_a_shard(leaf: Up) -> None:
    name = topic(shard=7, station="demo-0001", leaf=leaf)
    assert county_filter(shard=7, leaf=leaf).replace("+", "demo-0001") == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "cunhui",
        "cunhui/1/0/demo-0001",
        "cunhui/1/0/demo-0001/",
        "cunhui/1/0/demo-0001/facts/",
        "cunhui/1/0/demo-0001/facts/more",
        "cunhui/1/0/demo-0001/unknown",
        "cunhui/2/0/demo-0001/facts",
        "cunhui/1/256/demo-0001/facts",
        "cunhui/1/00/demo-0001/facts",
        "cunhui/1/-1/demo-0001/facts",
        "cunhui/1/０/demo-0001/facts",
        "cunhui/1/0/+/facts",
        "cunhui/1/0/#",
        "cunhui/1/0/demo+0001/facts",
        "cunhui/1/0/DEMO-0001/facts",
        "cunhui/1/0/dem/facts",
        "cunhui/1/0/demo-0001/facts\n",
        "cunhui/1/0/demo-0001\n/facts",
        "cunhui/1/0/demo-0001\x00/facts",
        "/cunhui/1/0/demo-0001/facts",
        "$SYS/broker/version",
        "$share/g/cunhui/1/0/demo-0001/facts",
        "cunhui/1/0/" + "a" * 33 + "/facts",
    ],
)
def test_other_topics_are_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(name)
    assert refused.value.reason == "bad_topic"


@given(name=st.text(max_size=60))
def test_any_topic_is_read_or_refused(name: str) -> None:
    try:
        place = parse(name)
    except Refused:
        return
    assert topic(shard=place.shard, station=place.station, leaf=place.leaf) == name


@pytest.mark.parametrize("station", ["+", "#", "a/b/c", "demo-0001/facts", "", "Demo-0001", "demo-0001\n"])
def test_no_station_name_reaches_into_the_tree(station: str) -> None:
    with pytest.raises(Refused, match="bad_topic"):
        topic(shard=0, station=station, leaf="facts")


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        ("04A22B1C", "04a22b1c"),
        (" 04 a2 2b 1c ", "04a22b1c"),
        ("04:a2:2b:1c:5d:6e:80", "04a22b1c5d6e80"),
        ("０４ａ２２ｂ１ｃ", "04a22b1c"),
        ("04112233445566778899", "04112233445566778899"),
        ("0C000621A5", "0c000621a5"),
        ("0800745a70", "0800745a70"),
    ],
)
def test_card_numbers_have_one_form(text: str, uid: str) -> None:
    assert normalise_uid(text) == uid


@pytest.mark.parametrize(
    "text",
    ["", "   ", "04a2", "04a22b1", "04a22b1c5", "0" * 8, "0" * 10, "0" * 14, "f" * 8, "F" * 20, "zz" * 4,
     "08a1b2c3", "88a1b2c3", "04a22b1c" * 9, "0x04a22b1c", "１２３", "04a22b1c5d6e8012", "-" * 60, "٠١٢٣٤٥٦٧"],
)  # fmt: skip
def test_what_is_no_card_number_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        normalise_uid(text)
    assert refused.value.reason == "bad_uid"
    assert text.strip() == "" or text.strip() not in refused.value.detail


@given(text=st.text(max_size=80))
def test_any_text_is_a_card_number_or_refused(text: str) -> None:
    try:
        uid = normalise_uid(text)
    except Refused:
        return
    assert normalise_uid(uid) == uid
    assert len(card_token(bytes(32), uid)) == 16


def test_tokens_differ_by_key_and_card() -> None:
    tokens = {card_token(bytes([key] * 32), uid) for key in (1, 2) for uid in ("04a22b1c", "04a22b1d")}
    assert len(tokens) == 4


@given(number=st.integers(0, 10**12 - 1))
def test_claim_codes_are_read_as_they_are_shown(number: int) -> None:
    digits = f"{number:012d}"
    code = digits + check_digit(digits)
    assert parse_claim_code(format_claim_code(code)) == code


@given(number=st.integers(0, 10**12 - 1), place=st.integers(0, 12), by=st.integers(1, 9))
def test_every_single_wrong_digit_is_found(number: int, place: int, by: int) -> None:
    digits = f"{number:012d}"
    code = digits + check_digit(digits)
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]
    with pytest.raises(Refused, match="bad_claim_code"):
        parse_claim_code(wrong)


@pytest.mark.parametrize("text", ["", "123", "12345678901234", "123456789012a", "1234567890129", "²" * 13, "1" * 500])
def test_what_is_no_claim_code_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_claim_code"):
        parse_claim_code(text)


def test_full_width_digits_are_read() -> None:
    code = "123456789012" + check_digit("123456789012")
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert parse_claim_code(wide) == code


@pytest.mark.parametrize("day", ["２０２６-11-29", "2026-1-29", "2026-11-29\n", "٢٠٢٦-11-29"])
def test_a_day_is_written_in_plain_digits(day: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(day, DayText)
