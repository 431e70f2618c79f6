"""Work that outlives the process, on DBOS."""
