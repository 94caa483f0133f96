"""Who works here: accounts, the roles they hold, the ways in, and what was done by whom."""
