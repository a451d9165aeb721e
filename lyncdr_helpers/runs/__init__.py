"""Run folders, and the papermill runner with a truthful outcome."""
