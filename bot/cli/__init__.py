"""What the console script runs: serve, demo, doctor."""
