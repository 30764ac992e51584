"""A changed desired state goes to the stations that live and lack it, and to no others."""

import pytest
from django.db.models import F

from server_broker.fleet.models import Station
from server_broker.ingest.downlink import DesiredNotices
from server_broker.twin.desired import refresh
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db

NAMES = ("lacks-01", "has-01", "refuses-01", "revoked-01", "waits-01", "elsewhere-01")


def test_who_is_sent_what_changed() -> None:
    for name in NAMES:
        StationDouble(id=name).enrol()
        refresh(name, now=NOW)
    stations = Station.objects
    stations.filter(pk="has-01").update(reported_version=F("desired_version"))
    stations.filter(pk="refuses-01").update(refused_version=F("desired_version"))
    stations.filter(pk="revoked-01").update(revoked_at=NOW)
    stations.filter(pk="waits-01").update(enrolled_at=None)
    stations.filter(pk="elsewhere-01").update(shard=1)
    notices = DesiredNotices(shards=[0])
    notices._announced.add((*NAMES, "nobody-01"))
    assert [answer.message.station for answer in notices.take()] == ["lacks-01"]
    assert notices.take() == []
