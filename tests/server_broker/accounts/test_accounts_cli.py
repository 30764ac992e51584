"""``cunhui-server account``: no account that sees nothing, none without a proper name, and every change audited."""

import io
import shlex
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from server_broker import cli
from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.models import Role, User
from server_broker.audit.models import AuditEntry
from server_broker.regions.models import Region
from tests.cast import COUNTY, TOWNSHIP
from tests.server_broker.county import make_county

pytestmark = pytest.mark.django_db

PASSWORD = "right horse staple"

type Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the verb and return its exit status with what it said."""

    def account(*words: str) -> tuple[int, str]:
        status = cli.main(["account", *words])
        said = capsys.readouterr()
        return status, said.out + said.err

    return account


def test_before_there_are_regions_an_administrator_is_refused_with_what_to_do(run: Run) -> None:
    status, said = run("admin", "--role", "system")
    assert status == 1
    assert "import-people" in said
    assert "区划" in said
    assert not User.objects.exists()


@pytest.mark.parametrize("role", ["system", "security", "operator"])
def test_who_works_for_the_whole_county_gets_it_without_being_asked(run: Run, role: str) -> None:
    make_county()
    assert run("admin", "--role", role)[0] == 0
    assert User.objects.get().region_id == COUNTY


def test_of_two_counties_one_must_be_named(run: Run) -> None:
    make_county()
    Region.objects.create(code="990102000000", name="另一示例县")
    status, said = run("admin", "--role", "system")
    assert status == 1
    assert "示例县 990101000000" in said
    assert "另一示例县 990102000000" in said


def test_an_officer_s_region_must_be_named_and_an_auditor_needs_none(run: Run) -> None:
    make_county()
    assert run("officer", "--role", "officer")[0] == 1
    assert run("officer", "--role", "officer", "--region", TOWNSHIP)[0] == 0
    assert run("auditor", "--role", "auditor")[0] == 0
    assert "没有区划 990101999000" in run("other", "--role", "officer", "--region", "990101999000")[1]


@pytest.mark.parametrize("name", ["", " ", 'a<b>"', "a b", "a\nb", "a\x00b", "a\x1bb", "a" * 151, "张\u200b三"])
def test_what_can_be_no_name_is_refused(run: Run, name: str) -> None:
    make_county()
    status, said = run(name, "--role", "operator")
    assert status == 1
    assert "账号名不能用" in said
    assert not User.objects.exists()


def test_a_name_is_taken_whatever_its_case(run: Run) -> None:
    make_county()
    assert run("Zhang", "--role", "operator")[0] == 0
    assert run("zhang", "--role", "operator") == (1, "已有账号 zhang\n")
    assert run("张三", "--role", "operator")[0] == 0


def test_the_help_names_the_roles_and_so_does_the_refusal(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["account", "--help"])
    shown = capsys.readouterr().out
    refused = run("admin", "--role", "king")[1]
    for role in Role:
        assert role.value in shown
        assert str(role.label) in shown
        assert f"{role.value} {role.label}" in refused


def test_an_account_is_listed_and_changed_and_the_audit_log_has_it_all(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_county()
    run("clerk", "--role", "officer", "--region", TOWNSHIP)
    assert run("set-role", "clerk", "--role", "operator")[0] == 0
    assert run("set-region", "clerk", "--region", COUNTY)[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run("set-password", "clerk")[0] == 0
    clerk = User.objects.get()
    assert (clerk.role, clerk.region_id, clerk.check_password(PASSWORD)) == ("operator", COUNTY, True)
    link = make_sign_in_link(clerk)
    assert run("disable", "clerk")[0] == 0
    assert "已停用" in run("list")[1]
    assert run("enable", "clerk")[0] == 0
    status, said = run("list")
    assert Client().post(link).status_code == 410, "a link of before must not come to life again"
    assert (status, said) == (0, "clerk  县运维  示例县 990101000000  在用  从未登录\n")
    entries = (
        AuditEntry.objects.filter(action__startswith="account.").exclude(action="account.link_made").order_by("id")
    )
    assert [entry.action for entry in entries] == [
        "account.made",
        "account.changed",
        "account.changed",
        "account.password_set",
        "account.changed",
        "account.changed",
    ]
    assert all(entry.actor.startswith("cli:") and entry.subject == "clerk" for entry in entries)
    assert entries[1].detail == {"role": "operator", "role_was": "officer"}


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("disable", "nobody"), "没有账号 nobody"),
        (("disable",), "account --help"),
        (("list", "clerk"), "account --help"),
        (("set-role", "clerk"), "--role"),
        (("set-region", "clerk"), "--region"),
        (("clerk", "again"), "account --help"),
    ],
)
def test_what_is_not_understood_changes_nothing(run: Run, words: tuple[str, ...], hint: str) -> None:
    make_county()
    run("clerk", "--role", "officer", "--region", TOWNSHIP)
    before = AuditEntry.objects.count()
    status, said = run(*words)
    assert status == 1
    assert hint in said
    assert AuditEntry.objects.count() == before


def test_an_auditor_without_region_is_not_made_an_administrator_who_sees_nothing(run: Run) -> None:
    make_county()
    run("auditor", "--role", "auditor")
    status, said = run("set-role", "auditor", "--role", "system")
    assert status == 1
    assert "set-region" in said


def test_a_weak_password_is_refused_in_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    make_county()
    run("clerk", "--role", "officer", "--region", TOWNSHIP)
    monkeypatch.setattr("sys.stdin", io.StringIO("123456\n"))
    status, said = run("set-password", "clerk")
    assert status == 1
    assert "密码" in said
    assert not User.objects.get().has_usable_password()


def test_the_command_to_sign_in_with_is_printed_as_it_is_typed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    make_county()
    home = settings.HOME.root
    assert run("admin", "--role", "system")[1].strip().endswith(f"登录：cunhui-server sign-in-link admin --home {home}")
    monkeypatch.setenv("CUNHUI_CALLED_AS", "./run server")
    said = run("second", "--role", "system")[1].strip()
    assert said.endswith(f"登录：./run server sign-in-link second --home {home}")
    words = shlex.split(said.partition("登录：./run server ")[2])
    assert cli.main(words) == 0


def test_a_link_for_an_account_that_is_closed_is_refused_with_what_to_do(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    make_county()
    run("clerk", "--role", "officer", "--region", TOWNSHIP)
    run("disable", "clerk")
    before = AuditEntry.objects.count()
    assert cli.main(["sign-in-link", "clerk"]) == 1
    said = capsys.readouterr().err
    assert "账号 clerk 已停用" in said
    assert "没有账号" not in said
    assert "account enable clerk" in said
    assert AuditEntry.objects.count() == before
    words = shlex.split(said.strip().partition("cunhui-server ")[2])
    assert cli.main(words) == 0
    assert cli.main(["sign-in-link", "clerk"]) == 0
    assert cli.main(["sign-in-link", "nobody"]) == 1
    assert "没有账号 nobody" in capsys.readouterr().err


def test_who_is_locked_out_is_let_in_again_at_once(run: Run) -> None:
    make_county()
    assert run("admin", "--role", "system")[0] == 0
    account = User.objects.get(username="admin")
    account.set_password(PASSWORD)
    account.save()

    def tried(password: str) -> int:
        return Client().post("/sign-in/", {"username": "admin", "password": password}).status_code

    assert [tried("wrong") for _ in range(settings.AXES_FAILURE_LIMIT)][-1] == 429
    assert tried(PASSWORD) == 429
    status, said = run("unlock", "admin")
    assert status == 0
    assert said.startswith("admin 已解锁，可以再试\n"), said
    assert tried(PASSWORD) == 302
    assert AuditEntry.objects.filter(action="account.unlocked", subject="admin").count() == 1
    assert "admin 本来就没有锁定\n" in run("unlock", "admin")[1]
    assert AuditEntry.objects.filter(action="account.unlocked").count() == 1
