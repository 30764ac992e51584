"""What needs a person now: open alarms grouped by their common cause, who has seen them, and who is told of them."""
