"""The till's face: HTTP for the terminals of a point of sale, as docs/en/till.md describes it."""

from station.api.app import build as build
