"""Nobody types an identity number into the console and has it kept."""

import pytest
from django.test import Client
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.commands.models import StationOrder
from server_broker.fleet.models import Station
from server_broker.people.models import Card
from tests.cast import OPERATOR, SHILI
from tests.server_broker.county import FictionalCounty, signed_in, touch

pytestmark = pytest.mark.django_db

NUMBER = "11010519491231002X"
FULL_WIDTH = "１１０１０５１９４９１２３１００２Ｘ"


@pytest.fixture
def page(county: FictionalCounty) -> Client:
    return signed_in(OPERATOR)


@pytest.mark.parametrize(
    ("path", "form", "refused"),
    [
        ("/stations/shili-01/revoke/", {"reason": f"张三 {NUMBER} 拿走了", "confirm": SHILI}, "没有吊销"),
        ("/stations/shili-01/order/", {"why": f"核对 {NUMBER}", "order": "identify"}, "没有下命令"),
        ("/stations/shili-01/live/", {"why": f"核对 {NUMBER}"}, "没有开始"),
        ("/stations/shili-01/order/", {"why": f"核对 {FULL_WIDTH}", "order": "identify"}, "没有下命令"),
        ("/held/write-off/", {"reason": f"核对 {NUMBER}", "fact": ["1"]}, "没有核销"),
    ],
)
def test_no_reason_holds_one(page: Client, path: str, form: dict[str, str], refused: str) -> None:
    said = page.post(path, form, follow=True).content.decode()
    assert f"{refused}：理由会一直留在记录里，请不要写身份证号" in said
    assert Station.objects.get(pk=SHILI).revoked_at is None
    assert not StationOrder.objects.exists()
    assert NUMBER not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_at_the_desk_a_person_is_named_by_the_staff_number(page: Client, county: FictionalCounty) -> None:
    card = b"k" * 16
    touch(county.stations[SHILI], card, at=timezone.now())
    said = page.post("/desk/bind/", {"token": card.hex(), "person": NUMBER}, follow=True).content.decode()
    assert "没有绑定：填的像是身份证号" in said
    assert not Card.objects.filter(token=card).exists()
