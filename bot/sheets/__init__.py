"""A table that a person uploads, on its way to a bulk create or update: read, matched with the
attributes of a process, checked row by row, cut into chunks. Pure: it sends nothing."""
