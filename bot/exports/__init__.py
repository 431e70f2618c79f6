"""Queries of records as CSV files: read page by page, and sent to the person who asked."""
