"""The history of changesets and deployments."""
