"""Record sets, and the cutover that moves them."""
