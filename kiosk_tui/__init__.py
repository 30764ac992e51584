"""The kiosk in a terminal: it shows what the agent says and asks what a person wants."""
