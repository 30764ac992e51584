"""The station as a whole: the core that decides, the county's commands, and the core's side of the uplink."""
