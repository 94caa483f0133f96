"""Revisit calls: whom to call, who may, what was heard, and whom we think of."""
