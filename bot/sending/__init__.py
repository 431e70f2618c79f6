"""Sending on WhatsApp, safely: each submission goes out once, and is followed to its end."""
