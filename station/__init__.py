"""Gas-station loyalty and visit analytics."""
