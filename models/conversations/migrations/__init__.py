"""The conversations domain's line of migrations."""
