"""What is known of customers, whom to address, and when; pure."""
