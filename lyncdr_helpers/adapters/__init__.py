"""The only place where ldap3, pypsrp, dnspython's sockets, fsspec and raw sockets are used; foreign errors end here."""
