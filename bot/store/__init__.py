"""What the bot remembers: the database, its tables, and one repository a table."""
