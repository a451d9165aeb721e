"""A Windows management host on loopback: WinRM and PSRP as real clients speak them, with cmdlets of our own."""
