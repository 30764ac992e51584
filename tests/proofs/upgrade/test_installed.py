"""The proof of installed counties: what it takes from the guide, and that each trouble gets its turn."""

from tests.proofs.upgrade.installed.runs import kinds_of, takeover_commands
from tests.proofs.upgrade.installed.troubles import KINDS


def test_the_guide_says_how_a_checkouts_county_is_taken_over() -> None:
    commands = takeover_commands().split("; ")
    assert [command.split()[0] for command in commands] == ["tar", "chown", "chown", "chgrp", "systemd-tmpfiles"]


def test_twenty_runs_have_every_trouble_more_than_once() -> None:
    kinds = kinds_of(20, seed=1)
    assert len(kinds) == 20
    assert kinds[:3] == ["none", "taken over", "going back"]
    assert all(kinds.count(kind) > 1 for kind in KINDS if kind != "none")
