"""Uploads of spreadsheets: from the chosen file to the records in Chakra."""
