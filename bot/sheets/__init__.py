"""A table that a person uploads for a bulk create or update.

It is read, matched with the attributes of a process, checked row by row, and split into chunks.
Pure: it sends nothing.
"""
