"""Alembic environment; the scripts are in `versions`."""
