"""What a gateway costs, measured at its process while others ask it."""
