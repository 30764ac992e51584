"""Addresses of the console's pages."""

from django.conf import settings
from django.urls import path, re_path
from django.views.generic import RedirectView

from server_broker.console.views.affair_new import affair_add, affair_new
from server_broker.console.views.affairs import (
    affair,
    affair_agree,
    affair_decide,
    affair_withdraw,
    affairs,
    deputy_add,
    deputy_end,
)
from server_broker.console.views.alarms import acknowledge_alarm, alarms
from server_broker.console.views.attention import attention, incident, incident_answer
from server_broker.console.views.audit import audit
from server_broker.console.views.bank_question import (
    bank_draft_file,
    bank_question,
    question_drop,
    question_file,
    question_save,
    question_shown,
)
from server_broker.console.views.banks import (
    bank,
    bank_change,
    bank_file,
    bank_from,
    bank_give_up,
    bank_hand_over,
    bank_import,
    bank_new,
    bank_template,
    banks,
    level_add,
    level_change,
    question_add,
)
from server_broker.console.views.channels import channel_add, channel_remove, channel_test, channels
from server_broker.console.views.commands import command, station_log
from server_broker.console.views.compliance import compliance, switch_step
from server_broker.console.views.contacts import contact_set, contacts
from server_broker.console.views.county_record import county_record
from server_broker.console.views.courses import branch_learning, course_end, course_offer, course_require, courses
from server_broker.console.views.desk import bind, desk, unknown
from server_broker.console.views.documents import documents_template, new_documents
from server_broker.console.views.duty import duty
from server_broker.console.views.exceptions import (
    exception_judge,
    exception_kind_set,
    exception_one,
    exceptions,
)
from server_broker.console.views.exhibits import exhibit_add, exhibit_file
from server_broker.console.views.feedback import (
    feedback,
    feedback_answer,
    feedback_one,
    feedback_pass_on,
    feedback_put_back,
    feedback_set_aside,
)
from server_broker.console.views.fleet import fleet, home
from server_broker.console.views.guard import guard, permit_agree, permit_ask, permit_end, word_add, word_end
from server_broker.console.views.held import accept, held, reread, write_off
from server_broker.console.views.help import help_guide, help_index, help_picture
from server_broker.console.views.imports import confirm_import, import_file
from server_broker.console.views.kept import kept
from server_broker.console.views.live_view import live_end, live_frame, live_view
from server_broker.console.views.meeting_edit import (
    meeting_add,
    meeting_cancel,
    meeting_change,
    meeting_edit,
    meeting_new,
)
from server_broker.console.views.meeting_record import meeting_away, meeting_minutes, meeting_sign, meeting_vote
from server_broker.console.views.meeting_table import meeting_kind, meeting_table
from server_broker.console.views.meetings import meeting, meeting_export, meeting_sheet, meetings
from server_broker.console.views.notices import new_notice
from server_broker.console.views.numbers import number_set, number_shown, people_find
from server_broker.console.views.on_call import on_call, on_call_add, on_call_remove, on_call_telephone
from server_broker.console.views.pack_questions import pack_questions
from server_broker.console.views.people import card_lost, export_file, people, template_file
from server_broker.console.views.person import card_change, holding_change, person, person_change
from server_broker.console.views.pins import pin_reset
from server_broker.console.views.presence import presence
from server_broker.console.views.published import pack_keeper, published, published_bundle, withdraw_bundle
from server_broker.console.views.regions import region_change, regions
from server_broker.console.views.requests import request_answer, request_one, requests
from server_broker.console.views.roster_files import (
    roster_export,
    roster_import,
    roster_import_confirm,
    roster_template,
)
from server_broker.console.views.roster_templates import (
    roster_template_add,
    roster_template_apply,
    roster_template_end,
    roster_template_one,
    roster_templates,
)
from server_broker.console.views.rosters import roster_swaps, rosters, rosters_save
from server_broker.console.views.settings import region_settings, station_settings
from server_broker.console.views.settled_window import settled_window, settled_window_case
from server_broker.console.views.sheet_charts import person_month, sheet_charts
from server_broker.console.views.sheet_files import person_sheet, sheet_csv_export, sheet_export
from server_broker.console.views.sheets import sheet, sheet_step, sheets
from server_broker.console.views.snapshots import (
    hold_snapshot,
    release_snapshot,
    snapshot,
    snapshot_jpeg,
    snapshot_thumbnail,
)
from server_broker.console.views.stand_ins import stand_in, stand_in_set
from server_broker.console.views.station import claim, claim_download, revoke, station
from server_broker.console.views.station_dead import station_dead
from server_broker.console.views.surplus import surplus, surplus_decide
from server_broker.console.views.term_change import term_confirm, term_file, term_sheet
from server_broker.console.views.terms import term_set, terms
from server_broker.console.views.today import today
from server_broker.console.views.tokens import token_make, token_revoke, tokens
from server_broker.console.views.units import unit_add, unit_end, units
from server_broker.console.views.voice import drop_voice, record_voice, voice, voice_sound
from server_broker.console.views.window_days import window_days
from server_broker.console.views.windows import window, window_add, window_change, window_new
from server_broker.console.views.workday_import import workday_import, workday_import_confirm, workday_signed
from server_broker.console.views.workdays import (
    stop_add,
    stop_take_back,
    workday_export,
    workday_month,
    workday_set,
    workday_template,
)
from server_broker.console.views.written import end, publish_written, written
from server_broker.console.views.written_pack import written_file, written_screen

_STATION = r"^stations/(?P<station_id>[a-z0-9][a-z0-9-]{3,31})/"
_SETTLED = (
    r"^sheets/(?P<code>[0-9]{12})/windows/(?P<person>[0-9]{1,15})/(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"/(?P<start>[0-9]{1,4})/"
)
_MONTH = r"(?P<month>20[0-9]{2}-(?:0[1-9]|1[0-2]))"
_INCIDENT = r"^attention/(?P<kind>[a-z_]{2,16})/(?P<about>s:[a-z0-9][a-z0-9-]{3,31}|r:[0-9]{12})/"
_AFFAIR = r"^todo/(?P<key>[cs][0-9]{1,18})/"

urlpatterns = [
    path("", home, name="home"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}console/mark.svg")),
    path("today/", today, name="today"),
    path("today/people/", presence, name="presence"),
    re_path(rf"{_STATION}$", station, name="station"),
    re_path(rf"{_STATION}claim/$", claim, name="station-claim"),
    re_path(rf"{_STATION}claim/claim\.toml$", claim_download, name="station-claim-file"),
    re_path(rf"{_STATION}revoke/$", revoke, name="station-revoke"),
    re_path(rf"{_STATION}dead/$", station_dead, name="station-dead"),
    re_path(rf"{_STATION}settings/$", station_settings, name="station-settings"),
    re_path(r"^settings/(?P<code>[0-9]{12})/$", region_settings, name="region-settings"),
    re_path(rf"{_STATION}live/$", live_view, name="station-live"),
    path("stations/<slug:station_id>/live/<uuid:command_id>/frame.jpg", live_frame, name="station-live-frame"),
    path("stations/<slug:station_id>/live/<uuid:command_id>/end/", live_end, name="station-live-end"),
    re_path(rf"{_STATION}order/$", command, name="station-command"),
    re_path(rf"{_STATION}reread/$", reread, name="station-reread"),
    re_path(rf"{_STATION}accept/$", accept, name="station-accept"),
    path("held/", held, name="held"),
    path("held/write-off/", write_off, name="held-write-off"),
    path("snapshots/<int:pk>/", snapshot, name="snapshot"),
    path("snapshots/<int:pk>/hold/", hold_snapshot, name="snapshot-hold"),
    path("snapshots/<int:pk>/release/", release_snapshot, name="snapshot-release"),
    path("snapshots/<int:pk>.jpg", snapshot_jpeg, name="snapshot-jpeg"),
    path("snapshots/<int:pk>/thumbnail.jpg", snapshot_thumbnail, name="snapshot-thumbnail"),
    path("logs/<int:pk>.txt", station_log, name="station-log"),
    path("people/", people, name="people"),
    path("people/import/", import_file, name="people-import"),
    path("people/import/<uuid:token>/", confirm_import, name="people-import-confirm"),
    path("people/<int:pk>/", person, name="person"),
    path("people/<int:pk>/change/", person_change, name="person-change"),
    path("people/<int:pk>/pin/", pin_reset, name="pin-reset"),
    path("people/<int:pk>/numbers/set/", number_set, name="number-set"),
    path("people/<int:pk>/numbers/show/", number_shown, name="number-shown"),
    path("people/find/", people_find, name="people-find"),
    path("people/template.xlsx", template_file, name="people-template"),
    path("people/export.xlsx", export_file, name="people-export"),
    path("cards/<int:pk>/lost/", card_lost, name="card-lost"),
    path("cards/<int:pk>/change/", card_change, name="card-change"),
    path("holdings/<int:pk>/change/", holding_change, name="holding-change"),
    path("duty/", duty, name="duty"),
    path("rosters/", rosters, name="rosters"),
    path("rosters/swaps/", roster_swaps, name="roster-swaps"),
    path("rosters/save/", rosters_save, name="rosters-save"),
    path("rosters/templates/", roster_templates, name="roster-templates"),
    path("rosters/templates/add/", roster_template_add, name="roster-template-add"),
    path("rosters/templates/<int:pk>/", roster_template_one, name="roster-template"),
    path("rosters/templates/<int:pk>/apply/", roster_template_apply, name="roster-template-apply"),
    path("rosters/templates/<int:pk>/end/", roster_template_end, name="roster-template-end"),
    path("rosters/import/", roster_import, name="rosters-import"),
    path("rosters/import/<uuid:token>/", roster_import_confirm, name="rosters-import-confirm"),
    path("rosters/template.xlsx", roster_template, name="rosters-template"),
    path("rosters/export.xlsx", roster_export, name="rosters-export"),
    path("windows/new/", window_new, name="window-new"),
    path("windows/add/", window_add, name="window-add"),
    path("windows/<int:pk>/", window, name="window"),
    path("windows/<int:pk>/change/", window_change, name="window-change"),
    path("windows/<int:pk>/days/", window_days, name="window-days"),
    path("sheets/", sheets, name="sheets"),
    re_path(rf"^sheets/{_MONTH}/(?P<step>show|close)/$", sheet_step, name="sheet-step"),
    re_path(rf"^sheets/(?P<code>[0-9]{{12}})/{_MONTH}/$", sheet, name="sheet"),
    re_path(rf"^sheets/(?P<code>[0-9]{{12}})/{_MONTH}/sheet\.xlsx$", sheet_export, name="sheet-export"),
    re_path(rf"^sheets/(?P<code>[0-9]{{12}})/{_MONTH}/sheet\.csv$", sheet_csv_export, name="sheet-csv"),
    path("sheets/charts/", sheet_charts, name="sheet-charts"),
    re_path(rf"^people/(?P<pk>[0-9]{{1,15}})/{_MONTH}/$", person_month, name="person-month"),
    re_path(rf"^people/(?P<pk>[0-9]{{1,15}})/{_MONTH}/sheet\.xlsx$", person_sheet, name="person-sheet"),
    path("meetings/", meetings, name="meetings"),
    path("meetings/table/", meeting_table, name="meeting-table"),
    path("meetings/kinds/", meeting_kind, name="meeting-kind"),
    path("meetings/new/", meeting_new, name="meeting-new"),
    path("meetings/add/", meeting_add, name="meeting-add"),
    path("meetings/<int:pk>/", meeting, name="meeting"),
    path("meetings/<int:pk>/edit/", meeting_edit, name="meeting-edit"),
    path("meetings/<int:pk>/change/", meeting_change, name="meeting-change"),
    path("meetings/<int:pk>/cancel/", meeting_cancel, name="meeting-cancel"),
    path("meetings/<int:pk>/vote/", meeting_vote, name="meeting-vote"),
    path("meetings/<int:pk>/minutes/", meeting_minutes, name="meeting-minutes"),
    path("meetings/<int:pk>/sign/", meeting_sign, name="meeting-sign"),
    path("meetings/<int:pk>/away/", meeting_away, name="meeting-away"),
    path("meetings/<int:pk>/sheet/", meeting_sheet, name="meeting-sheet"),
    path("meetings/<int:pk>/sheet.xlsx", meeting_export, name="meeting-export"),
    path("workdays/", workday_month, name="workdays"),
    path("workdays/day/", workday_set, name="workday-set"),
    path("workdays/import/", workday_import, name="workdays-import"),
    path("workdays/import/<uuid:token>/", workday_import_confirm, name="workdays-import-confirm"),
    path("workdays/template.xlsx", workday_template, name="workdays-template"),
    path("workdays/export.xlsx", workday_export, name="workdays-export"),
    path("workdays/signed.calendar", workday_signed, name="workdays-signed"),
    path("workdays/stops/add/", stop_add, name="stop-add"),
    path("workdays/stops/<int:pk>/end/", stop_take_back, name="stop-take-back"),
    re_path(rf"{_SETTLED}$", settled_window, name="settled-window"),
    re_path(rf"{_SETTLED}case\.toml$", settled_window_case, name="settled-window-case"),
    path("terms/", terms, name="terms"),
    re_path(r"^terms/(?P<code>[0-9]{12})/$", terms, name="terms-of"),
    re_path(r"^terms/(?P<code>[0-9]{12})/set/$", term_set, name="term-set"),
    path("exceptions/", exceptions, name="exceptions"),
    path("exceptions/<int:pk>/", exception_one, name="exception"),
    path("exceptions/<int:pk>/judge/", exception_judge, name="exception-judge"),
    path("exceptions/kinds/<slug:kind>/", exception_kind_set, name="exception-kind-set"),
    path("units/", units, name="units"),
    path("units/term/", term_file, name="term-change"),
    path("units/term/posts.xlsx", term_sheet, name="term-change-sheet"),
    path("units/term/<uuid:token>/", term_confirm, name="term-change-confirm"),
    path("units/add/", unit_add, name="unit-add"),
    path("units/<int:pk>/end/", unit_end, name="unit-end"),
    path("regions/", regions, name="regions"),
    re_path(r"^regions/(?P<code>[0-9]{12})/change/$", region_change, name="region-change"),
    re_path(r"^regions/(?P<code>[0-9]{12})/stand-in/$", stand_in, name="stand-in"),
    re_path(r"^regions/(?P<code>[0-9]{12})/stand-in/set/$", stand_in_set, name="stand-in-set"),
    path("desk/", desk, name="desk"),
    path("desk/unknown/", unknown, name="desk-unknown"),
    path("desk/bind/", bind, name="desk-bind"),
    path("published/", published, name="published"),
    path("published/notice/", new_notice, name="notice-new"),
    path("published/voice/", voice, name="voice"),
    path("published/voice/sound/", voice_sound, name="voice-sound"),
    path("published/voice/record/", record_voice, name="voice-record"),
    path("published/voice/drop/", drop_voice, name="voice-drop"),
    path("published/waiting/<slug:what>/<int:pk>/", written, name="written"),
    path("published/waiting/<slug:what>/<int:pk>/publish/", publish_written, name="written-publish"),
    path("published/waiting/<slug:what>/<int:pk>/end/", end, name="written-end"),
    re_path(
        r"^published/waiting/pack/(?P<pk>[0-9]{1,18})/files/(?P<name>[^/]{1,64})$", written_file, name="written-file"
    ),
    re_path(
        r"^published/waiting/pack/(?P<pk>[0-9]{1,18})/screens/(?P<place>[0-9]{1,5})-(?P<which>asked|marked)\.svg$",
        written_screen,
        name="written-screen",
    ),
    path("published/documents/", new_documents, name="documents-new"),
    path("published/documents/template/", documents_template, name="documents-template"),
    path("published/<int:pk>/", published_bundle, name="published-bundle"),
    path("published/<int:pk>/questions/", pack_questions, name="pack-questions"),
    path("published/<int:pk>/withdraw/", withdraw_bundle, name="published-withdraw"),
    path("published/<int:pk>/next/", bank_from, name="bank-from"),
    path("published/<int:pk>/keeper/", pack_keeper, name="pack-keeper"),
    path("banks/", banks, name="banks"),
    path("banks/template.xlsx", bank_template, name="bank-template"),
    path("banks/files/new/", bank_new, name="bank-new"),
    path("banks/files/<int:pk>/import/", bank_import, name="bank-import"),
    re_path(
        r"^banks/files/(?P<pk>[0-9]{1,18})/(?P<question>[0-9]{1,18})/(?P<item>picture|sound)/$",
        question_file,
        name="bank-question-file",
    ),
    path("banks/<int:pk>/", bank, name="bank"),
    path("banks/<int:pk>/change/", bank_change, name="bank-change"),
    path("banks/<int:pk>/hand-over/", bank_hand_over, name="bank-hand-over"),
    path("banks/<int:pk>/give-up/", bank_give_up, name="bank-give-up"),
    re_path(r"^banks/(?P<pk>[0-9]{1,18})/bank\.(?P<form>xlsx|gift)$", bank_file, name="bank-file"),
    path("banks/<int:pk>/files/<str:name>", bank_draft_file, name="bank-draft-file"),
    path("banks/<int:pk>/levels/add/", level_add, name="bank-level-add"),
    path("banks/<int:pk>/levels/<int:level>/change/", level_change, name="bank-level-change"),
    path("banks/<int:pk>/levels/<int:level>/add/", question_add, name="bank-question-add"),
    path("banks/<int:pk>/questions/<int:question>/", bank_question, name="bank-question"),
    path("banks/<int:pk>/questions/<int:question>/save/", question_save, name="bank-question-save"),
    path("banks/<int:pk>/questions/<int:question>/shown/", question_shown, name="bank-question-shown"),
    path("banks/<int:pk>/questions/<int:question>/drop/", question_drop, name="bank-question-drop"),
    path("courses/", courses, name="courses"),
    path("courses/require/", course_require, name="course-require"),
    path("courses/offer/", course_offer, name="course-offer"),
    path("courses/branch/", branch_learning, name="branch-learning"),
    path("courses/<int:pk>/end/", course_end, name="course-end"),
    path("feedback/", feedback, name="feedback"),
    path("feedback/put-back/", feedback_put_back, name="feedback-put-back"),
    path("feedback/set-aside/", feedback_set_aside, name="feedback-set-aside"),
    path("feedback/<int:pk>/", feedback_one, name="feedback-one"),
    path("feedback/<int:pk>/answer/", feedback_answer, name="feedback-answer"),
    path("feedback/<int:pk>/pass-on/", feedback_pass_on, name="feedback-pass-on"),
    path("contacts/", contacts, name="contacts"),
    re_path(r"^contacts/(?P<code>[0-9]{12})/$", contact_set, name="contact-set"),
    path("guard/", guard, name="guard"),
    path("guard/permits/ask/", permit_ask, name="permit-ask"),
    path("guard/permits/<int:pk>/agree/", permit_agree, name="permit-agree"),
    path("guard/permits/<int:pk>/end/", permit_end, name="permit-end"),
    path("guard/words/add/", word_add, name="word-add"),
    path("guard/words/<int:pk>/end/", word_end, name="word-end"),
    path("tokens/", tokens, name="tokens"),
    path("tokens/make/", token_make, name="token-make"),
    path("tokens/<int:pk>/revoke/", token_revoke, name="token-revoke"),
    path("compliance/", compliance, name="compliance"),
    path("compliance/<slug:code>/", switch_step, name="switch-step"),
    path("todo/", affairs, name="affairs"),
    path("todo/new/", affair_new, name="affair-new"),
    path("todo/add/", affair_add, name="affair-add"),
    path("todo/deputies/add/", deputy_add, name="deputy-add"),
    path("todo/deputies/<int:pk>/end/", deputy_end, name="deputy-end"),
    re_path(
        r"^todo/exhibits/(?P<key>c[0-9]{1,18})/(?P<exhibit>snapshot|witness|paper)/$", exhibit_add, name="exhibit-add"
    ),
    re_path(r"^todo/(?P<key>c[0-9]{1,18})/exhibits/(?P<pk>[0-9]{1,18})/$", exhibit_file, name="exhibit-file"),
    re_path(rf"{_AFFAIR}$", affair, name="affair"),
    re_path(rf"{_AFFAIR}decide/$", affair_decide, name="affair-decide"),
    re_path(rf"{_AFFAIR}agree/$", affair_agree, name="affair-agree"),
    re_path(rf"{_AFFAIR}withdraw/$", affair_withdraw, name="affair-withdraw"),
    path("requests/", requests, name="requests"),
    path("requests/surplus/<slug:station_id>/", surplus, name="surplus"),
    path("requests/surplus/<slug:station_id>/decide/", surplus_decide, name="surplus-decide"),
    path("requests/<int:pk>/", request_one, name="request-one"),
    path("requests/<int:pk>/answer/", request_answer, name="request-answer"),
    path("stations/", fleet, name="fleet"),
    path("attention/", attention, name="attention"),
    path("attention/on-call/", on_call, name="on-call"),
    path("attention/on-call/add/", on_call_add, name="on-call-add"),
    path("attention/on-call/<int:pk>/remove/", on_call_remove, name="on-call-remove"),
    path("attention/on-call/<int:pk>/telephone/", on_call_telephone, name="on-call-telephone"),
    path("attention/channels/", channels, name="channels"),
    path("attention/channels/add/<slug:driver>/", channel_add, name="channel-add"),
    path("attention/channels/<int:pk>/test/", channel_test, name="channel-test"),
    path("attention/channels/<int:pk>/remove/", channel_remove, name="channel-remove"),
    re_path(rf"{_INCIDENT}$", incident, name="incident"),
    re_path(rf"{_INCIDENT}answer/$", incident_answer, name="incident-answer"),
    path("alarms/", alarms, name="alarms"),
    path("alarms/<int:pk>/acknowledge/", acknowledge_alarm, name="alarm-acknowledge"),
    path("audit/", audit, name="audit"),
    path("kept/", kept, name="kept"),
    path("record/", county_record, name="record"),
    path("help/", help_index, name="help"),
    path("help/pictures/<str:picture>", help_picture, name="help-picture"),
    path("help/<str:guide>/", help_guide, name="help-guide"),
]
