"""Points, tiers and coupons: pure rules. The ledger is the next room to be built here."""
