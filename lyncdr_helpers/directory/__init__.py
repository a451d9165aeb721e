"""Users and application contacts, and which pool is their home."""
