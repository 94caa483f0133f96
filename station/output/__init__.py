"""Rows become CSV and XLSX that are inert when opened."""
