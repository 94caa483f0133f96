"""Whom to call, by whom, what to say, and what came of it."""
