"""Messages that the bot posts on its own: stored, in order, rate-limited, once."""
