"""Choose a setting's value, or remove a choice. The stations concerned get a new desired state after the COMMIT."""

from datetime import datetime
from typing import Any

from django.db import transaction

from server_broker.audit.log import record
from server_broker.fleet.desired_changes import desired_changed, desired_changed_under
from server_broker.fleet.models import Station
from server_broker.regions.models import Region
from server_broker.twin.models import SettingChoice
from server_broker.twin.setting_specs import value_of


def choose(place: Station | Region, name: str, text: str, *, actor: str, now: datetime) -> None:
    """Choose a setting's value for a station, or for every station of a region that has no nearer choice.

    Args:
        text: As typed in the form; empty removes the choice.

    Raises:
        NotAllowed: Nothing is changed.
    """
    where: dict[str, Any] = {"station": place} if isinstance(place, Station) else {"region": place}
    value = value_of(name, text) if text.strip() else None
    with transaction.atomic():
        if value is None:
            SettingChoice.objects.filter(**where, name=name).delete()
        else:
            chosen = {"value": value, "actor": actor, "at": now}
            SettingChoice.objects.update_or_create(**where, name=name, defaults=chosen)
        record(actor=actor, action="setting.chosen", subject=place.pk, detail={"name": name, "value": text.strip()})
        if isinstance(place, Station):
            desired_changed([place.pk])
        else:
            desired_changed_under(place.code)
