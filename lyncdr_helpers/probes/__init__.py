"""What a server's certificate and its SIP answers prove."""
