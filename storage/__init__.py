"""What outlives a run: resources, snapshots, bases, findings and decisions, in SQLite or PostgreSQL."""
