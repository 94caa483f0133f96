"""Composes the rules of all rooms from config.yaml; the only reader of YAML."""
