"""If the county can't sign its record, a decision changes nothing, and the page says what to do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedFact
from server_broker.people.cards import report_lost
from server_broker.people.models import Card
from server_broker.pins.models import PersonPin
from tests.cast import TOWNSHIP_OFFICER, ZHANG
from tests.conftest import COUNTY_FOLDER
from tests.server_broker.console.test_dated_pages import ask, hidden_fields
from tests.server_broker.county import FictionalCounty, make_county, signed_in

pytestmark = pytest.mark.django_db

TRUST = COUNTY_FOLDER / "trust"


@pytest.fixture
def county() -> Iterator[FictionalCounty]:
    """A county whose stream is open. Its folder of keys is put back in the end."""
    made = make_county()
    report_lost(made.cards[ZHANG], actor="officer")
    before = {path: path.read_bytes() for path in TRUST.iterdir() if path.is_file()}
    yield made
    for path in TRUST.iterdir():
        if path.is_file() and path not in before:
            path.unlink()
    for path, content in before.items():
        path.write_bytes(content)


BROKEN: dict[str, Callable[[Path], object]] = {
    "missing": lambda trust: (trust / "record.key").unlink(),
    "unreadable": lambda trust: (trust / "record.key").write_bytes(b"rubbish"),
    "empty": lambda trust: (trust / "record.key").write_bytes(b""),
    "a damaged mark": lambda trust: (trust / "county-mark").write_bytes(b"rubbish"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_nothing_is_half_saved_and_the_page_says_whom_to_call(county: FictionalCounty, how: str) -> None:
    zhang, page = county.people[ZHANG], signed_in(TOWNSHIP_OFFICER)
    PersonPin.objects.create(person=zhang, verifier=b"x")
    address = f"/people/{zhang.pk}/pin/"
    shown = ask(page, address)
    before = (DecidedFact.objects.count(), AuditEntry.objects.count(), Card.objects.count())
    BROKEN[how](TRUST)
    answer = page.post(address, hidden_fields(shown, address))
    said = answer.content.decode()
    assert answer.status_code == 503
    assert "什么也没有改变" in said
    assert "县运维" in said
    assert str(TRUST) not in said, "where the keys are is nobody's business here"
    assert (DecidedFact.objects.count(), AuditEntry.objects.count(), Card.objects.count()) == before
    assert bytes(PersonPin.objects.get().verifier or b"") == b"x"
    assert page.get(f"/people/{zhang.pk}/").status_code == 200, "pages to read still open"
