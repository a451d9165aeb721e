"""What happened, from the journals alone: which runs belong to one incident, who decided what, who was back when."""
