"""Proof that a link may do anything and no fact is lost, doubled or stuck, and presence comes right."""
