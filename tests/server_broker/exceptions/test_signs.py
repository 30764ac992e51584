"""Of each kind of facts it is known whether it says that somebody was in the room."""

from typing import get_args

from protocol.facts import Fact
from server_broker.exceptions.departures import SIGNS

LOOKED_AT_BY_THEMSELVES = {"touch", "attempt"}
WITH_ANOTHER_OR_A_MACHINES = {
    *("direction_chosen", "level_ended", "ballots_sealed", "slips_spent", "blob_announced", "live_view_began"),
    *("live_view_ended", "alarm_raised", "alarm_cleared", "booted", "shut_down", "reader_lost", "reader_back"),
    *("clock_corrected", "command_result", "update_step", "window_closed", "bundle_taken", "blob_evicted"),
    *("epoch_opened", "facts_lost", "reissued", "retired"),
}


def test_each_kind_of_facts_is_a_sign_of_people_or_known_to_be_none() -> None:
    kinds = {str(kind.__struct_config__.tag) for kind in get_args(Fact.__value__)}
    assert set(SIGNS) == kinds - LOOKED_AT_BY_THEMSELVES - WITH_ANOTHER_OR_A_MACHINES
