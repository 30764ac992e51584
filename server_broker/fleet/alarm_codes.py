"""The codes of the alarms that the county raises by itself.

Each has a Chinese word (`server_broker.console.words.ALARMS`) and an end (`server_broker.fleet.alarm_ends`). A code may
be followed by a colon and what it is about, if a station can have several. Codes are stored and never change. Those
that stations raise stand in `protocol.alarm_codes`.
"""

from typing import Final

from protocol.alarm_codes import LOST_CARD, STATION_ALARMS

COUNTY_RECORD: Final = "county_record"
"""Rows, audit log or manifests differ from the county's own stream."""
COUNTY_RESTORED: Final = "county_restored"
"""Somebody has restored the county. It does not know which stations were enrolled or revoked after the copy."""
COUNTY_WENT_BACK: Final = "county_went_back"
GENERATION_ABSURD: Final = "generation_absurd"
COUNTY_CLOCK: Final = "county_clock"
COUNTY_CLOCK_STEPPED: Final = "county_clock_stepped"
COUNTY_CLOCK_UNCONFIRMED: Final = "county_clock_unconfirmed"
COUNTY_CLOCK_DOUBTED: Final = "county_clock_doubted"
"""Times that stations were told before the county's machine was started anew may have been wrong."""
COUNTY_WORDS_DIFFER: Final = "county_words_differ"
COUNTY_CERTIFICATE: Final = "county_certificate"
CONSOLE_CERTIFICATE: Final = "console_certificate"
"""Of the console's own name, which the county did not issue."""
STATION_JOURNAL: Final = "station_journal"
BROKER_LISTS: Final = "broker_lists"
MEDIA_FOLDER: Final = "media_folder"
COUNTY_DISK: Final = "county_disk"
CHORE_FAILS: Final = "chore_fails"
"""Something that the county does regularly has failed for a while (`server_broker.supervisor.failing_chores`)."""
DATES_SET_ASIDE: Final = "dates_set_aside"
"""Villages' dates that can't be settled (`server_broker.settling.set_aside`)."""
LEARNING_SET_ASIDE: Final = "learning_set_aside"
"""People over whose answers the program fails (`server_broker.progress.rounds`)."""
LEVELS_SET_ASIDE: Final = "levels_set_aside"
"""People whose answers can't be erased, because their stars can't be kept (`server_broker.progress.kept_levels`)."""
COUNTS_SET_ASIDE: Final = "counts_set_aside"
"""Packs whose answers can't be counted (`server_broker.progress.question_counts`)."""
PINS_SET_ASIDE: Final = "pins_set_aside"
"""People whose PIN holds no more and can't be voided (`server_broker.pins.voiding`)."""
BACKUP_OVERDUE: Final = "backup_overdue"
BACKUP_UNPROVEN: Final = "backup_unproven"
"""No backup was restored on trial for long."""

STATION_SILENT: Final = "station_silent"
OFTEN_DOWN: Final = "often_down"
"""On three dates of a month people could not touch."""
FACTS_SET_ASIDE: Final = "facts_set_aside"
"""The settling fails over what it told (`server_broker.settling.set_aside`)."""
TOO_MANY_FACTS: Final = "too_many_facts"
"""It told more about a few dates than the settling reads (`server_broker.settling.told`)."""
STATION_FLOODS: Final = "station_floods"
"""It sends more than its share of messages, or messages that cost far more than others."""
STATION_QUOTA: Final = "station_quota"
"""It has sent as much as the county takes of a station in a day."""
TWO_MACHINES: Final = "two_machines"
"""Two machines use its identity by turns (`server_broker.ingest.twins`)."""
TOO_MANY_STREAMS: Final = "too_many_streams"
TOO_MANY_CORRECTIONS: Final = "too_many_corrections"
"""It corrected its clock more often in one boot than the county takes into account, or again and again had many old
rows dated anew (`server_broker.ingest.dating`)."""
STATION_CERTIFICATE: Final = "station_certificate"
BAD_SIGNATURE: Final = "bad_signature"
TOO_MANY_ALARMS: Final = "too_many_alarms"
"""Takes the place of a station's own alarms beyond as many as it may have."""
HELP_ASKED: Final = "help_asked"
INPUT_FLAPPING: Final = "input_flapping"
"""With the name of the door contact. The county reads it off what a station states of the contact, so that it is an
alarm of the station, which opens and closes it."""

UNEXPLAINED_FACTS: Final = "unexplained_facts"
LEDGER_TOO_LARGE: Final = "ledger_too_large"
EPOCH_OPENED: Final = "epoch_opened"
FACTS_LOST: Final = "facts_lost"
HELD: Final = "held"
"""With the reason."""
QUARANTINED: Final = "quarantined"
"""With the reason."""
CONFLICTING_FACT: Final = "conflicting_fact"
SIGNED_HEADS_FULL: Final = "signed_heads_full"
TIMES_MOVED: Final = "times_moved"
"""With the boot, for the first few of a station; without one, for all others of it together."""

PIN_REFUSED: Final = "pin_refused"
PIN_TRIES_BEYOND: Final = "pin_tries_beyond"
NUMBER_STRANGER: Final = "number_stranger"
PURPOSE_CHANGED: Final = "purpose_changed"
BLOB_CORRUPTED: Final = "blob_corrupted"

DESIRED_TOO_LARGE: Final = "desired_too_large"
DESIRED_UNREADABLE: Final = "desired_unreadable"
NEIGHBOURS_LEFT_OUT: Final = "neighbours_left_out"
SHELF_TOO_LARGE: Final = "shelf_too_large"
SHELF_NOT_COMPUTED: Final = "shelf_not_computed"
REQUEST_SET_ASIDE: Final = "request_set_aside"
MANY_QUESTIONS: Final = "many_questions"
"""Of villagers at one station in one day, beyond as many as a village asks."""
MANY_REQUESTS: Final = "many_requests"
"""Of people at one station in one day, beyond as many as a village makes."""
MANY_ANSWERS: Final = "many_answers"
"""To questions of learning at one station in one day, beyond as many as a village gives."""
REVIEW_PAST: Final = "review_past"
"""With the pack."""

COUNTY_ALARMS: Final = frozenset(
    {
        LOST_CARD,
        COUNTY_RECORD,
        COUNTY_RESTORED,
        COUNTY_WENT_BACK,
        GENERATION_ABSURD,
        COUNTY_CLOCK,
        COUNTY_CLOCK_STEPPED,
        COUNTY_CLOCK_UNCONFIRMED,
        COUNTY_CLOCK_DOUBTED,
        COUNTY_WORDS_DIFFER,
        COUNTY_CERTIFICATE,
        CONSOLE_CERTIFICATE,
        STATION_JOURNAL,
        BROKER_LISTS,
        MEDIA_FOLDER,
        COUNTY_DISK,
        CHORE_FAILS,
        DATES_SET_ASIDE,
        LEARNING_SET_ASIDE,
        LEVELS_SET_ASIDE,
        COUNTS_SET_ASIDE,
        PINS_SET_ASIDE,
        BACKUP_OVERDUE,
        BACKUP_UNPROVEN,
        STATION_SILENT,
        OFTEN_DOWN,
        FACTS_SET_ASIDE,
        TOO_MANY_FACTS,
        STATION_FLOODS,
        STATION_QUOTA,
        TWO_MACHINES,
        TOO_MANY_STREAMS,
        TOO_MANY_CORRECTIONS,
        STATION_CERTIFICATE,
        BAD_SIGNATURE,
        TOO_MANY_ALARMS,
        HELP_ASKED,
        UNEXPLAINED_FACTS,
        LEDGER_TOO_LARGE,
        EPOCH_OPENED,
        FACTS_LOST,
        HELD,
        QUARANTINED,
        CONFLICTING_FACT,
        SIGNED_HEADS_FULL,
        TIMES_MOVED,
        PIN_REFUSED,
        PIN_TRIES_BEYOND,
        NUMBER_STRANGER,
        PURPOSE_CHANGED,
        BLOB_CORRUPTED,
        DESIRED_TOO_LARGE,
        DESIRED_UNREADABLE,
        NEIGHBOURS_LEFT_OUT,
        SHELF_TOO_LARGE,
        SHELF_NOT_COMPUTED,
        REQUEST_SET_ASIDE,
        MANY_QUESTIONS,
        MANY_REQUESTS,
        MANY_ANSWERS,
        REVIEW_PAST,
    }
)
"""A touch of a lost card raises an alarm of the county, under the code that stations have for it."""
OWN_ALARMS: Final = STATION_ALARMS | {INPUT_FLAPPING, "outbox_full"}
"""What a station may say of itself in words of ours. Under any other code, the county's too, its alarm is only quoted.
Stations of earlier releases raise ``outbox_full``."""
