"""Commands as values: grammar, replies, routing, dispatch, help."""
