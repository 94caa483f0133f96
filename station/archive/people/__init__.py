"""Accounts, sessions, what waits for a second person, and the log of what was done."""
