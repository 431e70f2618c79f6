"""The people on WhatsApp: who is who, whichever number or ID they write from, and opt-outs."""
