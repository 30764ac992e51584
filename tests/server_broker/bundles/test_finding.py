"""What is published says by which digits of a telephone's keys it is found."""

import pytest
from msgspec import UNSET

from protocol.bundle_contents import Notice, Notices, Roster
from protocol.bundles import Bundle as Document
from protocol.china_time import milliseconds
from protocol.codec import decode, encode
from protocol.documents import Document as Paper
from protocol.documents import Documents, Heading, Paragraph
from protocol.finding import MAX_DIGITS, MAX_FIND_ENTRIES, MAX_READINGS
from server_broker.bundles.drafts import NotPublished, document
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.finding import entries_of, readings
from server_broker.bundles.publishing import publish
from tests.server_broker.bundles.samples import AUTHOR, END, draft
from tests.server_broker.station_double import NOW


def papers(*titles: str, heading: str = "示例小标题") -> bytes:
    made = [
        Paper(
            id=f"d{number}", title=title, kind="policy", published="2026-11-24", source="示例县",
            blocks=[Heading(text=heading), Paragraph(text="示例")],
        )
        for number, title in enumerate(titles)
    ]  # fmt: skip
    return encode(Documents(documents=made))


@pytest.mark.parametrize(
    ("title", "digits"),
    [
        ("补贴", "28"),
        ("2026年低保公示", "202663247"),
        ("绿化", "54"),
        ("WiFi上网", "943479"),
        ("Ａ区１号楼", "27145"),
        ("娜仁·图雅", "6789"),
        ("停水（急）", "875"),
    ],
)
def test_each_character_is_the_key_of_its_initial(title: str, digits: str) -> None:
    assert readings(title)[0] == digits


def test_a_character_of_several_readings_is_found_by_each() -> None:
    assert readings("长远") == ["29", "99"]
    assert {"29", "99"} <= set(readings("重行"))


@pytest.mark.parametrize("title", ["", "……", " \u200b", "𠮷", "🙂"])
def test_what_nobody_can_type_has_no_digits(title: str) -> None:
    assert readings(title) == []


def test_a_title_of_many_readings_keeps_its_likeliest_ones() -> None:
    found = readings("长" * 64)
    assert (len(found), len(found[0])) == (MAX_READINGS, MAX_DIGITS)
    assert found[0] == "2" * MAX_DIGITS


def test_documents_are_found_by_title_and_by_heading() -> None:
    found = entries_of("disclosure", "示例公示", papers("农业补贴", heading="农机"))
    assert [(one.of, one.title, one.digits[0]) for one in found] == [("d0", "农业补贴", "6928"), ("d0", "农机", "65")]


@pytest.mark.django_db
def test_each_notice_is_found_by_its_line(folder: BundleFolder) -> None:
    lines = [Notice(id=f"n{line}", line=line, not_after=milliseconds(END)) for line in ("停水", "停电", "……")]
    row, _ = publish(draft(content=encode(Notices(notices=lines))), folder=folder, author=AUTHOR, at=NOW)
    found = decode(folder.path(bytes(row.sha256)).read_bytes(), Document, limit=2**22).find
    assert found is not UNSET
    assert [(one.of, one.title, one.digits) for one in found] == [("n停水", "停水", ["87"]), ("n停电", "停电", ["83"])]


def test_a_pack_is_found_by_its_title() -> None:
    (found,) = entries_of("questions", "防汛知识", b"")
    assert (found.of, found.title, found.digits[0]) == ("", "防汛知识", "3997")


NOTHING = ["roster", "month", "progress", "heads", "answers", "clips", "poll", "duty", "meetings"]


@pytest.mark.parametrize("kind", NOTHING)
def test_nothing_about_a_person_is_found_by_anybody(kind: str) -> None:
    assert entries_of(kind, "张示例的补贴", encode(Roster())) == []  # type: ignore[arg-type]


def test_a_bundle_without_anything_to_find_keeps_the_bytes_of_before() -> None:
    roster = draft(kind="roster", title="名单", content=encode(Roster()))
    assert document(roster, 1) == document(roster, 1, findable=False)
    assert b"find" not in document(roster, 1)


def test_too_many_headings_are_cut_behind_the_titles() -> None:
    made = [
        Paper(
            id=f"d{number}", title="补贴", kind="policy", published="2026-11-24", source="示例县",
            blocks=[Heading(text="农机")] * 199,
        )
        for number in range(20)
    ]  # fmt: skip
    found = entries_of("library", "示例", encode(Documents(documents=made)))
    assert len(found) == MAX_FIND_ENTRIES
    assert [one.title for one in found[:21]] == ["补贴"] * 20 + ["农机"]


def test_a_content_that_no_station_could_read_is_refused() -> None:
    with pytest.raises(NotPublished, match="站点读不了"):
        document(draft(content=b"\xc1"), 1)


@pytest.mark.django_db
def test_what_a_release_before_published_is_no_new_version(
    folder: BundleFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told_nothing(*args: object) -> list[object]:
        return []

    with monkeypatch.context() as before:
        before.setattr("server_broker.bundles.drafts.entries_of", told_nothing)
        row, _ = publish(draft(), folder=folder, author=AUTHOR, at=NOW)
    again, new = publish(draft(), folder=folder, author=AUTHOR, at=NOW)
    assert (again.pk, new) == (row.pk, False)
