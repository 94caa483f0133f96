"""A generator of realistic station networks with known truth."""
