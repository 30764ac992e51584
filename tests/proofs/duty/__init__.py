"""What stations show and judge of duty without a line, against a second reckoning from the rules."""
