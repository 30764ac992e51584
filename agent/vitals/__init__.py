"""How the station is: its machine and devices, why it last started, and the alarms that stand."""
