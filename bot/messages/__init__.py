"""One send of a WhatsApp template: form, validation, ledger, status, report."""
