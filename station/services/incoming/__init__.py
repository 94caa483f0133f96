"""Files come in, with every row accounted for."""
