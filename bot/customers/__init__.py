"""The people on WhatsApp: who is who, whichever number or ID they use, and opt-outs."""
