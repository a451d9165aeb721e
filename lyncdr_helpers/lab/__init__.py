"""The training deployment: two sites on loopback, with real servers on real sockets. No product code knows about it."""
