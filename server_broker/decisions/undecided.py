"""Actions of the audit log that decide nothing, and why.

Every other action is a decision: its entry has a fact in the county's stream, and `server_broker.manifest` finds an
entry that has none. So whoever adds an action either calls `decide` with its entry or names it here.
"""

UNDECIDED: dict[str, str] = {
    "account.signed_in": "a session begins",
    "account.unlocked": "wrong tries are forgotten; whoever knows the password may try it again",
    "alarm.acknowledged": "somebody has seen an alarm; nothing follows from it",
    "api.read": "a program has looked",
    "apt.added": "the package is signed by the key of the repository, and stations judge it by that",
    "apt.held": "stations wait for packages; nothing that was recorded follows from it",
    "apt.released": "stations get packages again; nothing that was recorded follows from it",
    "certificate.renewed": "a station renews what it has; its record key stays",
    "claim.burnt": "wrong guesses end a claim code",
    "exception.judged": "somebody has looked; nothing follows from it by itself",
    "export.taken": "the facts in the file are signed by their station",
    "held.reread": "facts are read again; the station has signed them",
    "live.seen": "somebody has looked",
    "log.seen": "somebody has looked",
    "media.uploaded": "a file was brought in; a document that shows it is decided on its own",
    "meeting.sheet_taken": "somebody has taken a list with them",
    "paper.seen": "somebody has looked",
    "people.exported": "somebody has taken a list with them",
    "person.number_searched": "somebody has looked for a person by a number",
    "person.renamed": "a part of `people.imported`, whose rows have the new name",
    "phone.signed_in": "a session begins",
    "region.renamed": "a part of `people.imported`, whose rows have the new name",
    "roster.exported": "somebody has taken a list with them",
    "sheet.exported": "somebody has taken a list with them",
    "shelf.carried": "documents that were published went onto a stick",
    "snapshot.previewed": "somebody has looked",
    "snapshot.seen": "somebody has looked",
    "station.renamed": "a part of `people.imported`, whose rows have the new name",
    "window.case_taken": "somebody has taken a file with them",
}
