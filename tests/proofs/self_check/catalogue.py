"""Which bugs are planted, and what must catch each: the cheapest test or proof that can.

Every catcher named for a bug must catch it, and must pass without the bug.
"""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tests.proofs.self_check.tree import Verdict, WorkTree

PLANTED = Path(__file__).with_name("planted")
CATCHER_LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Tests:
    """A selection of pytest. Files are named by patterns, so that new files take part."""

    selection: tuple[str, ...]

    def run(self, tree: WorkTree) -> Verdict:
        """Run it in a tree. A pattern that matches no file proves nothing."""
        found = [sorted(str(file.relative_to(tree.root)) for file in tree.root.glob(one)) for one in self.selection]
        if not all(found):
            return "broken"
        return tree.run_tests(tuple(dict.fromkeys(chain.from_iterable(found))), timeout_s=CATCHER_LIMIT_S)

    def __str__(self) -> str:
        return f"pytest {' '.join(self.selection)}"


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof with few rounds."""

    command: tuple[str, ...]

    def run(self, tree: WorkTree) -> Verdict:
        """Run it in a tree."""
        return tree.run_proof(self.command, timeout_s=CATCHER_LIMIT_S)

    def __str__(self) -> str:
        return f"python -m {' '.join(self.command)}"


type Catcher = Tests | Proof


def agent_tests(*selection: str) -> Tests:
    """Return tests of the agent."""
    return Tests(tuple(f"tests/agent/{one}" for one in selection))


def county_tests(*selection: str) -> Tests:
    """Return tests of the county."""
    return Tests(tuple(f"tests/server_broker/{one}" for one in selection))


POWER_CUT = Proof(("tests.proofs.power_cut", "--cuts", "5000", "--seed", "5"))
ROLLBACK = Proof(("tests.proofs.rollback", "--runs", "60", "--seed", "1"))
FEW_ROLLBACKS = Proof(("tests.proofs.rollback", "--runs", "12", "--seed", "1"))
"""For a bug that makes a run go on until its time is over."""
CLOCK = Proof(("tests.proofs.clock", "--runs", "25", "--seed", "1"))
LINK = Proof(("tests.proofs.link", "--runs", "8", "--real", "0", "--seed", "1"))
REVOCATION = Proof(("tests.proofs.revocation", "--runs", "12", "--seed", "37"))
READING = county_tests("ingest/test_ingest_reading.py")
STORE = county_tests("ingest/test_ingest_store.py")
WORKER = county_tests("ingest/test_ingest_worker.py")

CATCHERS: dict[str, tuple[Catcher, ...]] = {
    "00-batch-without-a-limit": (county_tests("ingest/test_ingest_worker.py"),),
    "01-synchronous-normal": (POWER_CUT, agent_tests("storage/test_store.py")),
    "02-puback-taken-for-a-receipt": (agent_tests("uplink/test_facts.py"),),
    "03-no-unique-fact": (STORE,),
    "04-receipt-before-commit": (WORKER,),
    "05-seq-from-the-wall-clock": (agent_tests("storage/test_outbox_receipts.py"),),
    "06-lamp-before-commit": (agent_tests("clocking/test_order_of_a_touch.py"),),
    "07-signed-head-believed": (READING,),
    "08-receipt-head-not-compared": (
        agent_tests("storage/test_outbox_receipts.py"),
        agent_tests("uplink/test_facts.py"),
    ),
    "09-access-list-with-wildcard": (county_tests("broker/mosquitto/test_access_lists.py"),),
    "10-held-facts-unreceipted": (STORE,),
    "11-heads-not-compared-at-birth": (agent_tests("uplink/test_agreement.py"), FEW_ROLLBACKS),
    "12-reissue-counted-twice": (county_tests("ingest/test_ingest_reissued_again.py"),),
    "13-revocation-without-list": (county_tests("broker/mosquitto/test_access_lists.py"),),
    "14-revocation-without-takeover": (county_tests("broker/mosquitto/test_broker_in_step.py"),),
    "15-receipt-signature-not-verified": (agent_tests("uplink/test_county_messages.py"),),
    "16-blob-dropped-when-sent": (agent_tests("uplink/test_blob_sender.py"),),
    "17-commits-share-a-sector": (POWER_CUT,),
    "18-epoch-opened-before-its-reissues": (POWER_CUT,),
    "19-window-closed-while-down": (agent_tests("clocking/test_windows_while_down.py"),),
    "20-time-without-its-nonce": (agent_tests("uplink/test_time.py"),),
    "21-one-bad-message-costs-its-batch": (WORKER,),
    "22-gap-accepted": (READING,),
    "23-older-card-goes-on-over-a-signed-head": (county_tests("ledger/test_lineage.py"), ROLLBACK),
    "24-ntp-that-jumps-is-believed": (agent_tests("timekeeping/test_clock.py"),),
    "25-lie-of-ntp-stands-in-the-county": (county_tests("ingest/test_dating.py"), CLOCK),
    "26-rtc-dates-facts": (agent_tests("timekeeping/test_clock.py"),),
    "27-will-not-heeded": (LINK,),
    "28-picture-name-not-synced": (POWER_CUT,),
    "29-salvage-tries-a-page-once": (agent_tests("storage/test_outbox_salvage.py"),),
    "30-order-begun-in-memory": (POWER_CUT, agent_tests("commands/test_commands*.py")),
    "31-identity-written-in-place": (POWER_CUT,),
    "32-revocation-unfinished-after-its-journal-line": (
        county_tests("broker/mosquitto/test_broker_in_step.py"),
        REVOCATION,
    ),
    "33-station-clears-the-countys-alarms": (county_tests("fleet/test_alarm_origins.py"),),
    "34-county-clock-believed-below-its-floor": (county_tests("platform/test_county_clock.py"),),
    "35-no-index-of-events-by-boot": (county_tests("ingest/test_touch_cost.py"),),
    "36-lock-counts-itself": (county_tests("enrolment/test_shared_address.py"),),
    "37-births-behind-facts": (county_tests("ingest/test_births_first.py"),),
    "38-online-believed-after-a-restart": (county_tests("fleet/test_silence.py"),),
    "39-patrol-starved-by-traffic": (county_tests("ledger/test_patrol.py"),),
    "40-generation-that-goes-back": (county_tests("ingest/test_machine_restored.py"),),
    "41-scope-forgotten-in-account-form": (county_tests("accounts/test_account_scope.py"),),
    "42-link-used-twice": (county_tests("accounts/test_sign_in_races.py"),),
    "43-guess-counted-after": (county_tests("accounts/test_guesses.py"),),
    "44-picture-whole-for-whoever-asks": (county_tests("media/test_pictures_by_hash.py"),),
    "45-day-counted-by-each-worker": (county_tests("ingest/test_quota.py"),),
    "46-line-that-the-disk-did-not-confirm": (county_tests("trust/test_journal_full_disk.py"),),
    "47-halves-that-nobody-puts-together": (county_tests("ingest/test_costs.py"),),
    "48-one-write-ends-the-disk-alarm": (agent_tests("station/test_full_disk.py"),),
    "49-text-that-a-terminal-obeys": (Tests(("tests/protocol/test_plain_text.py",)),),
    "50-subscribe-not-judged": (county_tests("broker/mosquitto/test_subscriptions.py"),),
    "51-line-added-to-the-journal-before-last": (county_tests("trust/test_journal_compaction.py"),),
    "52-changed-journal-not-read-again": (county_tests("trust/test_journal_in_memory.py"),),
    "53-own-filters-for-nothing": (county_tests("broker/mosquitto/test_subscriptions.py"),),
    "54-new-stream-in-one-piece": (agent_tests("storage/test_slow_card.py"),),
    "55-half-built-stream-taken-for-whole": (agent_tests("storage/test_outbox_next_stream.py"),),
    "56-who-is-cut-is-not-named": (county_tests("ingest/test_broker_refusals.py"),),
    "57-a-new-alarm-each-time-a-station-goes": (county_tests("incidents/test_township_goes_dark.py"),),
    "58-lease-of-some-shards": (county_tests("ingest/test_shares.py"),),
    "59-run-without-its-last-signature": (county_tests("ingest/test_ingest_reading.py"),),
    "60-later-word-is-malformed": (Tests(("tests/protocol/test_later_words.py",)),),
    "61-later-word-to-an-old-county": (agent_tests("uplink/test_county_contract.py"),),
    "62-a-fact-half-read": (county_tests("ingest/test_fact_rooms.py"),),
    "63-request-for-any-path": (Tests(("tests/protocol/test_bundles.py",)),),
    "64-by-number-without-choosing-it": (county_tests("attendance/test_touches_by_number.py"),),
    "65-answered-where-its-row-says": (county_tests("ingest/test_shares.py"),),
    "66-silent-connections-uncounted": (county_tests("supervisor/test_bounded_listener.py"),),
    "67-night-taken-for-a-flood": (county_tests("ingest/test_floods.py"),),
    "68-what-is-let-go-uncounted": (county_tests("ingest/test_mqtt_source.py"),),
    "69-failing-message-costs-nothing": (WORKER,),
    "70-gone-without-a-record": (county_tests("retention/test_erasing.py"), county_tests("ledger/test_verify.py")),
    "71-hold-that-holds-nothing": (county_tests("media/test_holds.py"),),
    "72-any-later-outbox-opened": (agent_tests("storage/test_outbox_versions.py"),),
    "73-number-that-clocks-erased": (county_tests("retention/test_erasing.py"),),
    "74-row-of-data-in-the-head": (county_tests("sheets/test_heads.py"),),
    "75-first-come-first-served": (county_tests("ingest/test_inbox.py"),),
    "76-a-day-without-end": (county_tests("ingest/test_quota.py"),),
    "77-flood-let-through": (county_tests("broker/mosquitto/test_subscriptions.py"),),
    "78-clock-before-a-start-believed": (county_tests("ingest/test_telling.py"),),
    "79-broker-for-one-alone": (county_tests("broker/mosquitto/test_subscriptions.py"),),
    "80-a-measure-for-each-person-alone": (county_tests("requests/test_surplus.py"),),
    "81-waiting-taken-for-work": (county_tests("ingest/test_own_work.py"),),
    "82-pictures-until-all-are-done": (county_tests("ingest/test_pictures_last.py"),),
    "83-one-station-stops-all": (county_tests("platform/test_set_aside.py"),),
    "84-user-of-who-is-out-stays": (county_tests("broker/rabbit/test_own_rabbit.py"),),
    "85-vhost-before-topics": (county_tests("broker/rabbit/test_own_rabbit.py"),),
    "86-large-boot-dated-in-its-batch": (county_tests("ingest/test_late_dating.py"),),
    "87-reissues-without-end": (county_tests("ingest/test_crowded_places.py"),),
    "88-held-facts-read-without-an-end": (county_tests("ingest/test_reread_pieces.py"),),
    "89-answers-after-one-touch-without-end": (county_tests("progress/test_surplus.py"),),
    "90-unknown-cards-without-end": (agent_tests("clocking/test_card_flood.py"),),
    "91-flood-forgotten-at-a-restart": (agent_tests("clocking/test_card_flood.py"),),
    "92-known-card-refused-in-a-flood": (agent_tests("station/test_core_loop.py"),),
    "93-streams-without-end": (county_tests("ingest/test_bounded_lists.py"),),
    "94-pieces-without-end": (county_tests("ingest/test_bounded_lists.py"),),
    "95-extension-taken-for-a-setting": (county_tests("ingest/test_nasty_values.py"),),
    "96-heads-without-end": (county_tests("ledger/test_lineage.py"),),
    "97-renewals-without-end": (county_tests("enrolment/test_shared_address.py"),),
    "98-dear-messages-cost-nothing": (county_tests("ingest/test_costs.py"),),
    "99-slow-disk-blamed-on-a-station": (county_tests("ingest/test_costs.py"),),
    "100-statements-for-each-pin": (county_tests("ingest/test_statements_of_a_batch.py"),),
    "101-card-of-another-kind": (county_tests("settling/test_keys_of_other_kinds.py"),),
    "102-erased-before-its-stars-are-kept": (county_tests("progress/test_kept_levels.py"),),
    "103-unmeasured-goes-on": (county_tests("requests/test_surplus.py"),),
    "104-unread-facts-count-as-nothing": (county_tests("settling/test_told_too_much.py"),),
    "105-a-touch-waits-for-backlogs": (county_tests("ingest/test_inbox.py"),),
    "106-repeated-birth-taken-for-a-twin": (county_tests("ingest/test_twins.py"),),
    "107-anybody-cut-in-a-storm": (county_tests("broker/mosquitto/test_handshake_storm.py"),),
    "108-each-debtor-pays-alone": (county_tests("ingest/test_inbox.py"),),
    "109-latest-values-at-full-pace": (county_tests("ingest/test_inbox.py"),),
    "110-carriers-place-taken": (county_tests("ingest/test_rows_that_move.py"),),
    "111-careful-without-a-limit": (county_tests("ingest/test_ingest_worker.py"),),
    "112-pictures-lift-the-clock-of-facts": (county_tests("ingest/test_inbox.py"),),
    "113-time-saved-up-under-a-limit": (county_tests("ingest/test_inbox.py"),),
    "114-doubt-of-all-words-leaves-its-trace": (county_tests("ingest/test_word_said_again.py"),),
    "115-doubted-hand-ends-a-doubt": (county_tests("ingest/test_telling.py"),),
}


@dataclass(frozen=True, slots=True)
class Room:
    """Code that is mutated, and the fast part of its tests."""

    name: str
    places: tuple[str, ...]
    tests: tuple[Catcher, ...]


ROOMS = (
    Room(
        "outbox",
        ("agent/storage/outbox", "agent/storage/store.py"),
        (
            agent_tests("storage/test_*.py", "uplink/test_real_outbox.py", "rescue/test_rescue.py"),
            POWER_CUT,
            Proof(("tests.proofs.rollback", "--runs", "300", "--seed", "1", "--real-every", "0")),
        ),
    ),
    Room(
        "ingest",
        ("server_broker/ingest", "server_broker/fleet/fact_rows.py"),
        (
            county_tests("ingest/test_*.py"),
            # Apart, because a selection has its own time, and the one before takes about half of it.
            county_tests(
                "ledger/test_*.py",
                "fleet/test_*.py",
                "twin/test_desired*.py",
                "commands/test_orders.py",
                "console/test_console_held.py",
                "console/test_untold_time.py",
                "incidents/test_township_goes_dark.py",
            ),
        ),
    ),
)
