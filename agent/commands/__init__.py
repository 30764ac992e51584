"""The county's commands: which came and how each ended. Carrying them out is `agent.station.commands`."""
