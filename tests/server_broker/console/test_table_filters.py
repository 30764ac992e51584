"""An address under /admin/ names the filters that a table offers, and no other look-up of the database."""

import pytest
from django.test import Client

from tests.cast import ADMINISTRATOR, COUNTY_OFFICER
from tests.server_broker.county import make_county, signed_in, user_of

TABLES = ("accounts/user", "people/person", "fleet/station", "regions/region", "attendance/dutywindow")
ODD = (
    "region__code__regex=(",
    "username__regex=(",
    "username__iregex=[",
    "number__regex=(",
    "id__regex=(",
    "code__regex=*",
    "name__iregex=(",
    "village__name__regex=(",
    "people__number__regex=(",
    "weekdays__contains=x",
    "weekdays__len=99999999999999999999",
    "start__gte=99999999999999999999",
    "id__in=" + "9" * 30,
    "last_login__year=99999999999",
    "last_login__gte=9999999-99-99",
    "date_joined__time=x",
    "region__code__in=(",
    "enrolled_at__date=0000-00-00",
    "role__regex=(",
    "password__startswith=argon2",
)
ADMINS_OWN = (
    "q=(",
    "q=%5C",
    "o=99.-99.x",
    "o=1.1.1.1",
    "p=99999999999999999999",
    "p=-1",
    "all=",
    "e=1",
    "_facets=True",
    "_popup=1",
    "_to_field=(",
    "_changelist_filters=(",
)


@pytest.fixture
def admin(db: None) -> Client:
    make_county()
    client = signed_in(ADMINISTRATOR)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("query", ODD)
def test_a_look_up_that_no_table_offers_is_refused_in_chinese(admin: Client, query: str) -> None:
    for table in TABLES:
        answer = admin.get(f"/admin/{table}/?{query}")
        assert answer.status_code == 400, (table, query)
        assert "请求有误" in answer.content.decode()


@pytest.mark.parametrize("query", ADMINS_OWN)
def test_a_table_s_own_parameters_never_end_in_an_error_page(admin: Client, query: str) -> None:
    for table in TABLES:
        assert admin.get(f"/admin/{table}/?{query}").status_code in (200, 302, 400), (table, query)


def test_the_filters_that_are_offered_work(admin: Client) -> None:
    user_of(COUNTY_OFFICER)
    rows = admin.get("/admin/accounts/user/?role__exact=officer&is_active__exact=1").context["cl"].result_list
    assert [account.username for account in rows] == [COUNTY_OFFICER.username]
    page = admin.get("/admin/accounts/user/")
    offered = [choice for spec in page.context["cl"].filter_specs for choice in spec.choices(page.context["cl"])]
    assert len(offered) > 6
    for choice in offered:
        assert admin.get(f"/admin/accounts/user/{choice['query_string']}").status_code == 200
    for value in ("maybe", "(", "", "1,2"):
        answer = admin.get(f"/admin/accounts/user/?is_active__exact={value}&role__exact={value}")
        assert answer.status_code in (200, 302, 400)


@pytest.mark.parametrize(
    "more", ["term=(", "term=%5C", "page=99999999999999999999", "page=x", "field_name=(", "term=x&page=0"]
)
def test_looking_a_region_up_never_ends_in_an_error_page(admin: Client, more: str) -> None:
    asked = "app_label=accounts&model_name=user&field_name=region"
    assert admin.get(f"/admin/autocomplete/?{asked}&{more}").status_code in (200, 400, 403, 404)
