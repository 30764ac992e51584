"""Commands to stations: given by an operator with a reason, kept until they are past, answered by a fact."""
