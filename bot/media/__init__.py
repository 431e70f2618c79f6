"""Photos and WhatsApp files: checked by their content, uploaded once, shown to one person."""
