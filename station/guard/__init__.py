"""Sealing of personal text; pure."""
