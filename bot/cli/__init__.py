"""The subcommands of the console script: serve, demo, doctor."""
