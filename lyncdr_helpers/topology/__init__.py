"""What a deployment is made of, as its topology document says, and what the DR site must hold of it."""
