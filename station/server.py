"""Builds the server: the dashboard with its routes and headers."""
