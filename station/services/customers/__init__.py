"""Who the customers are: their cards, how they are reached, why they stay away."""
