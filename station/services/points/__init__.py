"""Points are looked up, spent, given back, corrected and run out."""
