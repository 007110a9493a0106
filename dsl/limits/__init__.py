"""What runs cost, what they may cost, and how they end early."""
