"""Tables, gates and the report: where people look."""
