"""Alembic's migrations. Expand first, contract a release later: old and new code run side by side while one migrates."""
