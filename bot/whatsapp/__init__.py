"""WhatsApp templates as people work with them: what one asks for, what may be filled in, what the
recipient sees, and the request that comes of it. All but the library and the recipients is pure."""
