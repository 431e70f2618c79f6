"""What a person reads when something went wrong."""
