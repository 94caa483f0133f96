"""Customers and what is tied to them, dated; sealed where it names a person."""
