"""WhatsApp templates: catalog, card, preview, editor."""
