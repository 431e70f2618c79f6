"""Many processes at once: from a spreadsheet that somebody chose to rows that may go to Chakra."""
