"""What earlier runs of a deployment tell: what each step took, when service was proven, how ready it was."""
