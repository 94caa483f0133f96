"""Lets `python -m station` be the command line."""

from station.cli import main

main()
