"""The sentences that a person reads when something went wrong."""
