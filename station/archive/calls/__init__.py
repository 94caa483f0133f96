"""Who calls whom, what was planned and what came of it."""
