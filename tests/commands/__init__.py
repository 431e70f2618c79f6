"""Stories of the commands: each file is about one of them."""
