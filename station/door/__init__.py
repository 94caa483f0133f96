"""Who comes in without being known yet: sign-in, joining, and the gate before the rest."""
