"""The database: engine, tables, migrations, locks. It knows no feature."""
