"""Backup sets: the manifest, and the proof that a set is complete."""
