"""What customers write, as threads in channels, and the answers to them."""
