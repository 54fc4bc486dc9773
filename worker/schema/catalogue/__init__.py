"""What exists and who depends on it: asked of PostgreSQL's catalogue and of the registry."""
