"""What this room reads of facts: what became of commands."""

from protocol import facts
from server_broker.commands.command_queue import CommandOutcome, note_results
from server_broker.fleet.fact_rows import FactRoom, Identity, RowKind, Rows, add_event, text

OUTCOME = RowKind[CommandOutcome]("command outcome")


def _command_result(fact: facts.CommandResult, identity: Identity, rows: Rows) -> None:
    figures = {text(name): figure for name, figure in fact.figures.items()}
    told = {"command": fact.command.hex(), "outcome": fact.outcome, "detail": fact.detail, "figures": figures}
    add_event(fact, identity, rows, told)
    rows.of(OUTCOME).append(CommandOutcome(identity.station, fact.command, fact.outcome, fact.detail, figures))


def _put(rows: Rows) -> None:
    note_results(rows.of(OUTCOME), at=rows.received_at)


COMMANDS = FactRoom({facts.CommandResult: _command_result}, _put)
