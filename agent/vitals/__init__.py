"""How the station does: its machine, its devices, why it last started, and the alarms that are open."""
