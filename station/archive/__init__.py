"""The store: tables and queries, no rules."""
