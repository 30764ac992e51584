"""``cunhui-server setting``: choose a setting for a station or for all stations of a region."""

import argparse

from django.utils import timezone

from server_broker.fleet.models import Station
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import Region
from server_broker.twin.setting_specs import SPECS, NotAllowed
from server_broker.twin.station_settings import choose


def choose_setting(chosen: argparse.Namespace, *, actor: str) -> str:
    """Choose what was asked; return what to say.

    Raises:
        ServiceError: There is no such setting or place, or the value is not allowed. Nothing is changed.
    """
    if chosen.setting not in SPECS:
        raise ServiceError(f"没有这个设置：{chosen.setting}；有 {'、'.join(SPECS)}")
    place = Station.objects.filter(pk=chosen.place).first() or Region.objects.filter(code=chosen.place).first()
    if place is None:
        raise ServiceError(f"没有编号为 {chosen.place} 的站点，也没有这个区划代码")
    spec = SPECS[chosen.setting]
    # Whoever types writes what the page says; the page's form sends its code.
    value = next((code for code, word, _ in spec.choices if word == chosen.value), chosen.value)
    try:
        choose(place, chosen.setting, value, actor=actor, now=timezone.now())
    except NotAllowed as error:
        raise ServiceError(str(error)) from error
    return f"{place.name}：{spec.word}" + (f"改为 {chosen.value}" if value.strip() else "不再单独设置")
