"""The engine's migrations, and the environment in which those of the domains run as well."""
