"""What channels receive: rules, and the events that match them."""
