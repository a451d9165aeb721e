"""smb.conf and krb5.conf of the lab's domain controller: every path in its folder, every socket on its address."""

from __future__ import annotations

from pathlib import Path

from lyncdr_helpers.lab.blueprint import DOMAIN, Blueprint
from lyncdr_helpers.lab.directory.accounts import NETBIOS

HOST = "dc1"
REALM = DOMAIN.upper()
FOLDERS = ("etc", "private", "state", "cache", "run", "ncalrpc", "bind-dns", "log", "state/sysvol")

SMB_CONF = """\
[global]
  netbios name = {netbios_name}
  realm = {realm}
  workgroup = {workgroup}
  server role = active directory domain controller
  server services = ldap, cldap, kdc, dns
  # A bare loopback address has no netmask and is refused.
  interfaces = {address}/8
  bind interfaces only = yes
  disable netbios = yes
  private dir = {folder}/private
  state directory = {folder}/state
  lock directory = {folder}
  cache directory = {folder}/cache
  pid directory = {folder}/run
  ncalrpc dir = {folder}/ncalrpc
  binddns dir = {folder}/bind-dns
  ntp signd socket directory = {folder}/ntp_signd
  log file = {folder}/log/log
  log level = 1
  max log size = 0
  tls enabled = yes
  tls certfile = {certificate}
  tls keyfile = {key}
  tls cafile = {ca}
  # Passwords over TLS only, as the embedded directory; Kerberos with TLS too, as Windows.
  ldap server require strong auth = allow_sasl_over_tls
  allow dns updates = secure only
  dns forwarder =
  dsdb:schema update allowed = yes
  # A lab outlives a killed process, and need not outlive more.
  ldb:nosync = true
[sysvol]
  path = {folder}/state/sysvol
[netlogon]
  path = {folder}/state/sysvol/{domain}/scripts
"""

KRB5_CONF = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_realm = false
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  {realm} = {{
    kdc = {address}
    kpasswd_server = {address}
  }}
[domain_realm]
  .{domain} = {realm}
  {domain} = {realm}
"""


def smb_conf(blueprint: Blueprint, folder: Path) -> str:
    certificate, key = blueprint.certificate(HOST)
    return SMB_CONF.format(
        netbios_name=HOST.upper(),
        realm=REALM,
        workgroup=NETBIOS,
        domain=DOMAIN,
        address=blueprint.domain_controller,
        folder=folder,
        certificate=certificate.resolve(),
        key=key.resolve(),
        ca=blueprint.ca_file.resolve(),
    )


def krb5_conf(blueprint: Blueprint) -> str:
    return KRB5_CONF.format(realm=REALM, domain=DOMAIN, address=blueprint.domain_controller)
