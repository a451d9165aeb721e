"""The acts of an activation: what each looks at, what it does, and the one loop they all go through."""
