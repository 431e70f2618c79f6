"""The steps by which the tables came to be what they are; alembic runs them in order."""
