"""Every address of the county's web and of its data tables, and what each role gets there. This is written down from
outside, not asked of the county. `test_routes` asks every cell; the strangers proof tries the same places.

Each row: method, path, then the status for each of `COLUMNS`, and ``proof`` if the second factor must be shown first.

- Roles see the whole county; the secretary and the supervision committee see 示例村.
- ``elsewhere`` is somebody of 样板镇 with one of the roles that open the row (`Route.stranger`). What the path names
  lies in 示例村, so a page of it is 404 there.
- ``nobody`` has not signed in.

What stands in braces is in the county (`ABSENT` has the names). In a POST it is so only for those who get nothing: who
may do the act does it to something that is not there, so that nothing changes.

A row for a page that only leads to a form (GET of an address for a POST) is not needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ROLES = (
    "system",
    "security",
    "auditor",
    "operator",
    "officer",
    "organisation",
    "secretary",
    "supervision",
    "editor",
)
COLUMNS = (*ROLES, "elsewhere", "nobody")
_STRANGERS = ("operator", "officer", "system", "security", "auditor")
"""The roles that an account of another township is tried with: the first that opens the row."""
ORDER = "00000000-0000-4000-8000-000000000000"
ABSENT = {
    "station": "nobody-01",
    "picture": "9999",
    "log": "9999",
    "card": "9999",
    "alarm": "9999",
    "turn": "9999",
    "channel": "9999",
    "account": "9999",
    "person": "9999",
    "village": "000000000000",
    "window": "9999",
    "settled": "2020-01-01/0",
    "template": "9999",
    "unit": "9999",
    "holding": "9999",
    "bundle": "9999",
    "course": "9999",
    "feedback": "9999",
    "request": "9999",
    "affair": "c9999",
    "deputy": "9999",
    "township": "000000000000",
    "permit": "9999",
    "written": "9999",
    "stop": "9999",
    "meeting": "9999",
    "documents": "9999",
    "pack": "9999",
    "bank": "9999",
    "level": "9999",
    "question": "9999",
    "word": "9999",
    "switch": "nothing",
    "token": "9999",
    "notable": "9999",
    "notable_kind": "nothing",
}
"""Things that are not there."""
_ALWAYS = {"ORDER": ORDER, "TOKEN": "A" * 43, "SHA256": "0" * 64}

#                                                   sys sec aud ope off org vil sup edi els nob
_TABLE = """
# Signing in and out, for everybody
GET  /sign-in/                                     302 302 302 302 302 302 302 302 302 302 200
POST /sign-in/                                     302 302 302 302 302 302 302 302 302 302 200
GET  /sign-in/link/{TOKEN}/                        410 410 410 410 410 410 410 410 410 410 410
POST /sign-in/link/{TOKEN}/                        410 410 410 410 410 410 410 410 410 410 410
GET  /sign-in/second-factor/                       302 302 302 302 302 302 302 302 302 302 302
GET  /sign-out/                                    302 302 302 302 302 302 302 302 302 302 302
POST /sign-out/                                    302 302 302 302 302 302 302 302 302 302 302
GET  /account/                                     200 200 200 200 200 200 200 200 200 200 302
POST /account/password/                            422 422 422 422 422 422 422 422 422 422 302
POST /account/recovery-codes/                      422 422 403 422 422 422 403 403 422 422 302 proof
POST /account/second-factor/                       422 422 403 422 422 422 403 403 422 422 302 proof
GET  /favicon.ico                                  302 302 302 302 302 302 302 302 302 302 302
# What stations ask for, by their own proofs
POST /enrol                                        400 400 400 400 400 400 400 400 400 400 400
POST /renew                                        400 400 400 400 400 400 400 400 400 400 400
GET  /apt/cunhui.asc                               404 404 404 404 404 404 404 404 404 404 404
GET  /ca.pem                                       200 200 200 200 200 200 200 200 200 200 200
GET  /packs/{SHA256}                               404 404 404 404 404 404 404 404 404 404 404
# Stations
GET  /                                             200 200 302 302 200 200 200 200 200 200 302
GET  /stations/                                    200 200 403 200 200 200 200 200 200 200 302
GET  /stations/{station}/                          200 200 403 200 200 200 200 200 200 404 302
GET  /stations/{station}/claim/                    200 403 403 200 403 403 403 403 403 404 302 proof
GET  /stations/{station}/claim/claim.toml           302 403 403 302 403 403 403 403 403 404 302 proof
POST /stations/{station}/claim/                    404 403 403 404 403 403 403 403 403 404 302 proof
POST /stations/{station}/revoke/                   403 404 403 404 403 403 403 403 403 404 302 proof
GET  /stations/{station}/settings/                 403 403 403 200 403 403 403 403 403 404 302 proof
POST /stations/{station}/settings/                 403 403 403 404 403 403 403 403 403 404 302 proof
GET  /settings/{village}/                          403 403 403 200 403 403 403 403 403 404 302 proof
POST /settings/{village}/                          403 403 403 404 403 403 403 403 403 404 302 proof
GET  /stations/{station}/live/                     403 403 403 200 200 403 403 403 403 404 302 proof
POST /stations/{station}/live/                     403 403 403 404 404 403 403 403 403 404 302 proof
GET  /stations/{station}/live/{ORDER}/frame.jpg    403 403 403 404 404 403 403 403 403 404 302 proof
POST /stations/{station}/live/{ORDER}/end/         403 403 403 404 404 403 403 403 403 404 302 proof
POST /stations/{station}/order/                    403 403 403 404 403 403 403 403 403 404 302 proof
POST /stations/{station}/dead/                     403 403 403 404 404 404 403 403 403 404 302 proof
POST /stations/{station}/reread/                   403 403 403 404 404 403 403 403 403 404 302
POST /stations/{station}/accept/                   403 403 403 404 404 403 403 403 403 404 302 proof
GET  /held/                                        200 200 403 200 200 200 200 200 200 200 302
POST /held/write-off/                              403 403 403 302 302 403 403 403 403 302 302
GET  /logs/{log}.txt                               403 403 403 200 403 403 403 403 403 404 302 proof
GET  /alarms/                                      200 200 403 200 200 200 200 200 200 200 302
POST /alarms/{alarm}/acknowledge/                  404 404 403 404 404 403 403 403 403 404 302
# What needs a person now, who is on call, and who is told
GET  /attention/                                   200 200 403 200 200 200 200 200 200 200 302
GET  /attention/security/s:{station}/              200 200 403 200 200 200 200 200 200 404 302
POST /attention/security/s:{station}/answer/       404 404 403 404 404 403 403 403 403 404 302
GET  /attention/on-call/                           200 200 403 200 200 200 200 200 200 200 302
POST /attention/on-call/add/                       403 403 403 302 403 403 403 403 403 302 302
POST /attention/on-call/{turn}/remove/             403 403 403 404 403 403 403 403 403 404 302
POST /attention/on-call/{turn}/telephone/          403 403 403 404 404 404 403 403 403 404 302 proof
GET  /attention/channels/                          200 403 403 403 403 403 403 403 403 200 302 proof
POST /attention/channels/add/wecom/                302 403 403 403 403 403 403 403 403 302 302 proof
POST /attention/channels/{channel}/test/           404 403 403 403 403 403 403 403 403 404 302 proof
POST /attention/channels/{channel}/remove/         404 403 403 403 403 403 403 403 403 404 302 proof
# Meetings
GET  /meetings/                                    403 403 403 200 200 200 200 200 403 200 302
GET  /meetings/table/                              403 403 403 200 200 200 200 200 403 200 302
POST /meetings/kinds/                              403 403 403 302 403 302 403 403 403 404 302
GET  /meetings/new/                                403 403 403 403 200 200 200 403 403 200 302
POST /meetings/add/                                403 403 403 403 404 404 404 403 403 404 302
GET  /meetings/{meeting}/                          403 403 403 200 200 200 200 200 403 404 302
GET  /meetings/{meeting}/edit/                     403 403 403 403 200 200 200 403 403 404 302
GET  /meetings/{meeting}/sheet/                    403 403 403 200 200 200 200 200 403 404 302
GET  /meetings/{meeting}/sheet.xlsx                403 403 403 200 200 200 200 200 403 404 302
POST /meetings/{meeting}/change/                   403 403 403 403 404 404 404 403 403 404 302
POST /meetings/{meeting}/cancel/                   403 403 403 403 404 404 404 403 403 404 302
POST /meetings/{meeting}/vote/                     403 403 403 403 404 404 404 403 403 404 302
POST /meetings/{meeting}/minutes/                  403 403 403 403 404 404 404 403 403 404 302
POST /meetings/{meeting}/sign/                     403 403 403 403 404 404 404 403 403 404 302
POST /meetings/{meeting}/away/                     403 403 403 403 404 403 404 403 403 404 302
# People, their cards and touches, and pictures
GET  /today/                                       200 403 403 200 200 200 200 200 403 200 302
GET  /today/people/                                200 403 403 200 200 200 200 200 403 200 302
GET  /people/                                      200 403 403 200 200 200 200 200 403 200 302
GET  /people/import/                               200 403 403 200 200 200 403 403 403 200 302
POST /people/import/                               302 403 403 302 302 302 403 403 403 302 302
GET  /people/import/{ORDER}/                       302 403 403 302 302 302 403 403 403 302 302
POST /people/import/{ORDER}/                       302 403 403 302 302 302 403 403 403 302 302
GET  /people/template.xlsx                         200 403 403 200 200 200 403 403 403 200 302
GET  /people/export.xlsx                           200 403 403 200 200 200 403 403 403 200 302
POST /cards/{card}/lost/                           404 403 403 404 404 403 403 403 403 404 302
POST /cards/{card}/change/                         404 403 403 404 404 403 403 403 403 404 302
GET  /people/{person}/                             200 403 403 200 200 200 200 200 403 404 302
POST /people/{person}/change/                      404 403 403 404 404 404 403 403 403 404 302
POST /people/{person}/pin/                         404 403 403 404 404 403 403 403 403 404 302
POST /people/{person}/numbers/set/                 404 403 403 404 404 404 403 403 403 404 302
POST /people/{person}/numbers/show/                403 403 403 404 404 404 403 403 403 404 302 proof
POST /people/find/                                 302 403 403 302 302 302 302 302 403 302 302
POST /holdings/{holding}/change/                   404 403 403 404 404 404 403 403 403 404 302
GET  /duty/                                        200 403 403 200 200 200 200 200 403 200 302
GET  /rosters/                                     200 403 403 200 200 200 200 200 403 200 302
GET  /rosters/swaps/                               200 403 403 200 200 200 200 200 403 200 302
POST /rosters/save/                                404 403 403 404 404 404 403 403 403 404 302
GET  /rosters/import/                              200 403 403 200 200 200 403 403 403 200 302
POST /rosters/import/                              302 403 403 302 302 302 403 403 403 302 302
GET  /rosters/import/{ORDER}/                      302 403 403 302 302 302 403 403 403 302 302
POST /rosters/import/{ORDER}/                      302 403 403 302 302 302 403 403 403 302 302
GET  /rosters/template.xlsx                        302 403 403 302 302 302 403 403 403 302 302
GET  /rosters/export.xlsx                          200 403 403 200 200 200 403 403 403 200 302
GET  /rosters/templates/                           200 403 403 200 200 200 403 403 403 200 302
POST /rosters/templates/add/                       302 403 403 302 302 302 403 403 403 302 302
GET  /rosters/templates/{template}/                200 403 403 200 200 200 403 403 403 404 302
POST /rosters/templates/{template}/apply/          404 403 403 404 404 404 403 403 403 404 302
POST /rosters/templates/{template}/end/            404 403 403 404 404 404 403 403 403 404 302
GET  /windows/new/                                 200 403 403 200 200 200 403 403 403 200 302
POST /windows/add/                                 404 403 403 404 404 404 403 403 403 404 302
GET  /windows/{window}/                            200 403 403 200 200 200 200 200 403 404 302
POST /windows/{window}/change/                     404 403 403 404 404 404 403 403 403 404 302
POST /windows/{window}/days/                       404 403 403 404 404 404 403 403 403 404 302
GET  /sheets/                                      403 403 403 200 200 200 200 200 403 200 302
GET  /sheets/{village}/2026-01/                    403 403 403 200 200 200 200 200 403 404 302
GET  /sheets/{village}/2026-01/sheet.xlsx          403 403 403 200 200 200 200 200 403 404 302
GET  /sheets/{village}/2026-01/sheet.csv           403 403 403 200 200 200 200 200 403 404 302
GET  /sheets/charts/                               403 403 403 200 200 200 200 200 403 200 302
GET  /people/{person}/2026-01/                     403 403 403 200 200 200 200 200 403 404 302
GET  /people/{person}/2026-01/sheet.xlsx           403 403 403 200 200 200 200 200 403 404 302
POST /sheets/2026-01/show/                         403 403 403 403 404 403 403 403 403 404 302 proof
POST /sheets/2026-01/close/                        403 403 403 403 404 403 403 403 403 404 302 proof
GET  /sheets/{village}/windows/{person}/{settled}/ 403 403 403 200 200 200 200 200 403 404 302
GET  /sheets/{village}/windows/{person}/{settled}/case.toml 403 403 403 200 200 200 200 200 403 404 302
GET  /units/                                       200 403 403 200 200 200 200 200 403 200 302
GET  /units/term/                                  200 403 403 200 200 200 403 403 403 200 302
POST /units/term/                                  302 403 403 302 302 302 403 403 403 302 302
GET  /units/term/posts.xlsx                        200 403 403 200 200 200 403 403 403 200 302
GET  /units/term/{ORDER}/                          302 403 403 302 302 302 403 403 403 302 302
POST /units/term/{ORDER}/                          302 403 403 302 302 302 403 403 403 302 302
POST /units/add/                                   302 403 403 302 302 302 403 403 403 302 302
POST /units/{unit}/end/                            404 403 403 404 404 404 403 403 403 404 302
GET  /regions/                                     200 403 403 200 200 200 200 200 403 200 302
POST /regions/{village}/change/                    404 403 403 404 404 404 403 403 403 404 302
GET  /workdays/                                    200 200 403 200 200 200 200 200 200 200 302
POST /workdays/day/                                403 403 403 302 403 302 403 403 403 404 302 proof
GET  /workdays/import/                             403 403 403 200 403 200 403 403 403 404 302 proof
POST /workdays/import/                             403 403 403 302 403 302 403 403 403 404 302 proof
GET  /workdays/import/{ORDER}/                     403 403 403 302 403 302 403 403 403 404 302 proof
POST /workdays/import/{ORDER}/                     403 403 403 302 403 302 403 403 403 404 302 proof
GET  /workdays/template.xlsx                       403 403 403 200 403 200 403 403 403 200 302 proof
GET  /workdays/export.xlsx                         200 200 403 200 200 200 200 200 200 200 302
GET  /workdays/signed.calendar                     403 403 403 200 403 200 403 403 403 404 302 proof
GET  /exceptions/                                  403 403 403 200 200 200 403 403 403 200 302
GET  /exceptions/{notable}/                        403 403 403 200 200 200 403 403 403 404 302
POST /exceptions/{notable}/judge/                  403 403 403 403 404 404 403 403 403 404 302
POST /exceptions/kinds/{notable_kind}/             403 403 403 404 403 404 403 403 403 404 302
GET  /terms/                                       200 200 403 200 200 200 200 200 200 200 302
GET  /terms/{village}/                             200 200 403 200 200 200 200 200 200 404 302
POST /terms/{village}/set/                         403 403 403 404 404 404 403 403 403 404 302 proof
GET  /regions/{village}/stand-in/                  200 403 403 200 200 200 200 200 403 404 302
POST /regions/{village}/stand-in/set/              403 403 403 404 404 404 403 403 403 404 302 proof
POST /workdays/stops/add/                          403 403 403 404 404 404 403 403 403 404 302
POST /workdays/stops/{stop}/end/                   403 403 403 404 404 404 403 403 403 404 302
GET  /desk/                                        200 403 403 200 200 403 403 403 403 200 302
GET  /desk/unknown/                                200 403 403 200 200 403 403 403 403 200 302
POST /desk/bind/                                   302 403 403 302 302 403 403 403 403 302 302
GET  /snapshots/{picture}/                         200 403 403 200 200 403 403 403 403 404 302
GET  /snapshots/{picture}.jpg                      200 403 403 200 200 403 403 403 403 404 302
GET  /snapshots/{picture}/thumbnail.jpg            200 403 403 200 200 403 403 403 403 404 302
POST /snapshots/{picture}/hold/                    403 403 403 404 404 403 403 403 403 404 302
POST /snapshots/{picture}/release/                 403 403 403 404 404 403 403 403 403 404 302
# Content for stations
GET  /published/                                   200 200 403 200 200 200 200 200 200 200 302
GET  /published/{bundle}/                          200 200 403 200 200 200 200 200 200 404 302
GET  /published/notice/                            403 403 403 200 200 403 200 403 200 200 302
POST /published/notice/                            403 403 403 422 422 403 422 403 422 422 302
GET  /published/waiting/notice/{written}/          200 200 403 200 200 200 200 200 200 404 302
POST /published/waiting/notice/{written}/publish/  403 403 403 404 404 403 403 403 404 404 302 proof
POST /published/waiting/notice/{written}/end/      403 403 403 404 404 403 404 403 404 404 302
GET  /published/waiting/documents/{documents}/     200 200 403 200 200 200 200 200 200 404 302
POST /published/waiting/documents/{documents}/publish/ 403 403 403 404 404 403 403 403 404 404 302 proof
POST /published/waiting/documents/{documents}/end/ 403 403 403 404 404 403 404 403 404 404 302
GET  /published/waiting/pack/{pack}/               200 200 403 200 200 200 200 200 200 404 302
POST /published/waiting/pack/{pack}/publish/       403 403 403 404 404 403 403 403 404 404 302 proof
POST /published/waiting/pack/{pack}/end/           403 403 403 404 404 403 404 403 404 404 302
GET  /published/waiting/pack/{pack}/files/none.png 404 404 403 404 404 404 404 404 404 404 302
GET  /published/waiting/pack/{pack}/screens/9999-asked.svg 404 404 403 404 404 404 404 404 404 404 302
POST /published/{bundle}/next/                     403 403 403 404 404 403 404 403 404 404 302
POST /published/{bundle}/keeper/                   403 403 403 404 404 403 403 403 404 404 302 proof
GET  /banks/                                       403 403 403 200 200 403 200 403 200 200 302
GET  /banks/template.xlsx                          403 403 403 200 200 403 200 403 200 200 302
POST /banks/files/new/                             403 403 403 404 404 403 404 403 404 404 302
GET  /banks/{bank}/                                403 403 403 200 200 403 200 403 200 404 302
POST /banks/{bank}/change/                         403 403 403 404 404 403 404 403 404 404 302
POST /banks/{bank}/hand-over/                      403 403 403 404 404 403 404 403 404 404 302
POST /banks/{bank}/give-up/                        403 403 403 404 404 403 404 403 404 404 302
POST /banks/files/{bank}/import/                   403 403 403 404 404 403 404 403 404 404 302
GET  /banks/{bank}/bank.xlsx                       403 403 403 200 200 403 200 403 200 404 302
GET  /banks/{bank}/bank.gift                       403 403 403 200 200 403 200 403 200 404 302
GET  /banks/{bank}/files/none.png                  403 403 403 404 404 403 404 403 404 404 302
POST /banks/{bank}/levels/add/                     403 403 403 404 404 403 404 403 404 404 302
POST /banks/{bank}/levels/{level}/change/          403 403 403 404 404 403 404 403 404 404 302
POST /banks/{bank}/levels/{level}/add/             403 403 403 404 404 403 404 403 404 404 302
GET  /banks/{bank}/questions/{question}/           403 403 403 200 200 403 200 403 200 404 302
POST /banks/{bank}/questions/{question}/save/      403 403 403 404 404 403 404 403 404 404 302
POST /banks/{bank}/questions/{question}/shown/     403 403 403 404 404 403 404 403 404 404 302
POST /banks/{bank}/questions/{question}/drop/      403 403 403 404 404 403 404 403 404 404 302
POST /banks/files/{bank}/{question}/picture/       403 403 403 404 404 403 404 403 404 404 302
POST /banks/files/{bank}/{question}/sound/         403 403 403 404 404 403 404 403 404 404 302
GET  /published/voice/                             200 200 403 200 200 200 200 200 200 200 302
GET  /published/voice/sound/                       404 404 403 404 404 404 404 404 404 404 302
POST /published/voice/record/                      403 403 403 404 404 403 403 403 404 404 302 proof
POST /published/voice/drop/                        403 403 403 404 404 403 403 403 404 404 302 proof
GET  /published/documents/                         403 403 403 200 200 403 200 403 200 200 302
POST /published/documents/                         403 403 403 422 422 403 422 403 422 422 302
GET  /published/documents/template/                403 403 403 200 200 403 200 403 200 200 302
GET  /published/{bundle}/questions/                403 403 403 404 404 403 404 403 404 404 302
GET  /courses/                                     200 200 403 200 200 200 200 200 200 200 302
POST /courses/require/                             403 403 403 404 404 403 403 403 404 404 302 proof
POST /courses/offer/                               403 403 403 404 404 403 403 403 404 404 302 proof
POST /courses/{course}/end/                        403 403 403 404 404 403 403 403 404 404 302 proof
GET  /courses/branch/                              403 403 403 403 200 200 200 403 403 200 302
POST /published/{bundle}/withdraw/                 403 403 403 404 404 403 403 403 404 404 302 proof
# Questions of villagers, and whom to telephone
GET  /feedback/                                    403 403 403 200 200 200 200 200 403 200 302
GET  /feedback/{feedback}/                         403 403 403 200 200 200 200 200 403 404 302
POST /feedback/put-back/                           403 403 403 404 404 403 403 403 403 404 302
POST /feedback/set-aside/                          403 403 403 404 404 403 403 403 403 404 302
POST /feedback/{feedback}/answer/                  403 403 403 403 404 403 404 403 403 404 302
POST /feedback/{feedback}/pass-on/                 403 403 403 403 404 403 404 403 403 404 302
GET  /contacts/                                    403 403 403 200 200 403 403 403 403 200 302
POST /contacts/{township}/                         403 403 403 404 404 403 403 403 403 404 302
# What must not be published, and what burdens people
GET  /guard/                                       200 200 403 200 200 200 200 200 200 200 302
POST /guard/                                       200 200 403 200 200 200 200 200 200 200 302
POST /guard/permits/ask/                           403 403 403 302 302 403 403 403 302 302 302 proof
POST /guard/permits/{permit}/agree/                403 403 403 404 404 403 403 403 404 404 302 proof
POST /guard/permits/{permit}/end/                  403 403 403 404 404 403 403 403 404 404 302 proof
POST /guard/words/add/                             403 403 403 302 403 302 403 403 403 404 302 proof
POST /guard/words/{word}/end/                      403 403 403 404 403 404 403 403 403 404 302 proof
GET  /compliance/                                  200 200 403 200 200 200 200 200 200 200 302
POST /compliance/{switch}/                         403 403 403 404 403 404 403 403 403 404 302 proof
# Tokens of programs, and what they read: nothing opens to a session there
GET  /tokens/                                      200 200 403 200 403 403 403 403 403 200 302 proof
POST /tokens/make/                                 302 403 403 302 403 403 403 403 403 302 302 proof
POST /tokens/{token}/revoke/                       404 404 403 404 403 403 403 403 403 404 302 proof
GET  /metrics                                      401 401 401 401 401 401 401 401 401 401 401
GET  /healthz                                      200 200 200 200 200 200 200 200 200 200 200
GET  /readyz                                       503 503 503 503 503 503 503 503 503 503 503
GET  /api/v1/openapi.json                          200 200 200 200 200 200 200 200 200 200 200
GET  /api/v1/regions                               401 401 401 401 401 401 401 401 401 401 401
GET  /api/v1/people                                401 401 401 401 401 401 401 401 401 401 401
GET  /api/v1/units                                 401 401 401 401 401 401 401 401 401 401 401
GET  /api/v1/windows                               401 401 401 401 401 401 401 401 401 401 401
GET  /api/v1/due                                   401 401 401 401 401 401 401 401 401 401 401
GET  /api/v1/county_requests                       401 401 401 401 401 401 401 401 401 401 401
GET  /api/v1/results                               401 401 401 401 401 401 401 401 401 401 401
GET  /api/v1/months                                401 401 401 401 401 401 401 401 401 401 401
GET  /api/v1/timesheets                            401 401 401 401 401 401 401 401 401 401 401
GET  /api/v1/touches                               401 401 401 401 401 401 401 401 401 401 401
GET  /api/v1/requests                              401 401 401 401 401 401 401 401 401 401 401
# What people object to and ask for
GET  /requests/                                    403 403 403 200 200 200 403 403 403 200 302
GET  /requests/{request}/                          403 403 403 200 200 200 403 403 403 404 302
GET  /requests/surplus/{station}/                  403 403 403 200 200 200 403 403 403 404 302
POST /requests/surplus/{station}/decide/           403 403 403 403 404 403 403 403 403 404 302
POST /requests/{request}/answer/                   403 403 403 403 404 403 403 403 403 404 302
# What people ask to have decided
GET  /todo/                                        403 403 403 403 200 403 200 403 403 200 302
GET  /todo/{affair}/                               403 403 403 403 200 403 200 403 403 404 302
POST /todo/{affair}/decide/                        403 403 403 403 404 403 404 403 403 404 302
POST /todo/{affair}/agree/                         403 403 403 403 404 403 404 403 403 404 302
POST /todo/{affair}/withdraw/                      403 403 403 403 404 403 404 403 403 404 302
POST /todo/exhibits/{affair}/paper/                403 403 403 403 404 403 404 403 403 404 302
POST /todo/exhibits/{affair}/witness/              403 403 403 403 404 403 404 403 403 404 302
GET  /todo/{affair}/exhibits/9999/                 403 403 403 403 404 403 404 403 403 404 302
GET  /todo/new/                                    403 403 403 403 200 403 200 403 403 200 302
POST /todo/add/                                    403 403 403 403 404 403 404 403 403 404 302
POST /todo/deputies/add/                           403 403 403 403 404 403 404 403 403 404 302
POST /todo/deputies/{deputy}/end/                  403 403 403 403 404 403 404 403 403 404 302
# The audit log
GET  /audit/                                       403 403 200 403 403 403 403 403 403 200 302
GET  /kept/                                        403 403 200 403 403 403 403 403 403 200 302
GET  /record/                                      403 403 200 403 403 403 403 403 403 200 302
# The guides
GET  /help/                                        200 200 200 200 200 200 200 200 200 200 302
GET  /help/县级安装手册/                           200 200 200 200 200 200 200 200 200 200 302
GET  /help/pictures/duty-month-1440.png            200 200 200 200 200 200 200 200 200 200 302
# The data tables
GET  /admin/                                       200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/login/                                 302 302 302 302 302 302 302 302 302 302 302
GET  /admin/logout/                                302 302 302 302 302 302 302 302 302 302 302
GET  /admin/search/                                200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/password_change/                       200 403 403 403 403 403 403 403 403 200 302 proof
POST /admin/password_change/                       200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/password_change/done/                  200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/autocomplete/                          403 403 403 403 403 403 403 403 403 403 302
GET  /admin/jsi18n/                                200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/r/1/1/                                 404 403 403 403 403 403 403 403 403 404 302 proof
GET  /admin/accounts/                              200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/nothing/                               404 403 403 403 403 403 403 403 403 404 302 proof
GET  /admin/regions/region/                        200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/regions/region/add/                    403 403 403 403 403 403 403 403 403 403 302
GET  /admin/regions/region/{village}/              302 403 403 403 403 403 403 403 403 302 302 proof
GET  /admin/regions/region/{village}/change/       200 403 403 403 403 403 403 403 403 302 302 proof
GET  /admin/regions/region/{village}/history/      200 403 403 403 403 403 403 403 403 302 302 proof
POST /admin/regions/region/{village}/delete/       403 403 403 403 403 403 403 403 403 403 302
GET  /admin/people/person/                         200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/people/person/add/                     403 403 403 403 403 403 403 403 403 403 302
GET  /admin/people/person/{person}/                302 403 403 403 403 403 403 403 403 302 302 proof
GET  /admin/people/person/{person}/change/         200 403 403 403 403 403 403 403 403 302 302 proof
GET  /admin/people/person/{person}/history/        200 403 403 403 403 403 403 403 403 302 302 proof
POST /admin/people/person/{person}/delete/         403 403 403 403 403 403 403 403 403 403 302
GET  /admin/fleet/station/                         200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/fleet/station/add/                     403 403 403 403 403 403 403 403 403 403 302
GET  /admin/fleet/station/{station}/               302 403 403 403 403 403 403 403 403 302 302 proof
GET  /admin/fleet/station/{station}/change/        200 403 403 403 403 403 403 403 403 302 302 proof
GET  /admin/fleet/station/{station}/history/       200 403 403 403 403 403 403 403 403 302 302 proof
POST /admin/fleet/station/{station}/delete/        403 403 403 403 403 403 403 403 403 403 302
GET  /admin/attendance/dutywindow/                 200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/attendance/dutywindow/add/             403 403 403 403 403 403 403 403 403 403 302
GET  /admin/attendance/dutywindow/9999/            302 403 403 403 403 403 403 403 403 302 302 proof
GET  /admin/attendance/dutywindow/9999/change/     302 403 403 403 403 403 403 403 403 302 302 proof
GET  /admin/attendance/dutywindow/9999/history/    302 403 403 403 403 403 403 403 403 302 302 proof
POST /admin/attendance/dutywindow/9999/delete/     403 403 403 403 403 403 403 403 403 403 302
GET  /admin/accounts/user/                         200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/accounts/user/add/                     200 403 403 403 403 403 403 403 403 200 302 proof
POST /admin/accounts/user/add/                     200 403 403 403 403 403 403 403 403 200 302 proof
GET  /admin/accounts/user/{account}/               302 403 403 403 403 403 403 403 403 302 302 proof
GET  /admin/accounts/user/{account}/change/        200 403 403 403 403 403 403 403 403 302 302 proof
POST /admin/accounts/user/{account}/change/        302 403 403 403 403 403 403 403 403 302 302 proof
GET  /admin/accounts/user/{account}/history/       200 403 403 403 403 403 403 403 403 302 302 proof
POST /admin/accounts/user/{account}/delete/        403 403 403 403 403 403 403 403 403 403 302
GET  /admin/accounts/user/{account}/password/      200 403 403 403 403 403 403 403 403 404 302 proof
POST /admin/accounts/user/{account}/password/      404 403 403 403 403 403 403 403 403 404 302 proof
"""

FOR_PROGRAMS = "/api/v1/"
"""Below it a program reads with a token, whatever its account's role: `tests.server_broker.api.test_opening`."""
IN_FRONT = ("/bundles/{SHA256}", "/items/{SHA256}")
"""What `server_broker.bundles.serving` answers before Django does. It knows no session: a role opens nothing there, and
what is about people opens to the right station's signature alone (`tests.server_broker.bundles.test_shelf_keys`)."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table."""

    method: str
    path: str
    statuses: Mapping[str, int]
    asks_proof: bool = False

    @property
    def opens(self) -> tuple[str, ...]:
        """The roles that are not refused."""
        return tuple(role for role in ROLES if self.statuses[role] not in (401, 403))

    @property
    def stranger(self) -> str:
        """The role with which an account of another township is tried."""
        return next((role for role in _STRANGERS if role in self.opens), "officer")

    def path_for(self, column: str, present: Mapping[str, str]) -> str:
        """Return the path that ``column`` asks for. ``present`` are the things that are in the county."""
        changes_something = self.method == "POST" and column in self.opens
        return path_of(self, {} if changes_something else present)


def path_of(route: Route, present: Mapping[str, str]) -> str:
    """Return a row's path with the things that are there; what is not named is one that is not."""
    return route.path.format(**_ALWAYS | ABSENT | dict(present))


def _route(line: str) -> Route:
    method, path, *rest = line.split()
    statuses = [int(word) for word in rest if word != "proof"]
    return Route(method, path, dict(zip(COLUMNS, statuses, strict=True)), asks_proof="proof" in rest)


ROUTES = tuple(_route(line) for line in _TABLE.splitlines() if line and not line.startswith("#"))
