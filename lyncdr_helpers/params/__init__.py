"""The parameters of a deployment, and reading them with every mistake reported at once."""
