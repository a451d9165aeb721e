"""The parameters that lead to a lab: what `params/lab.yml` says, for any lab."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from lyncdr_helpers.lab import group_chat
from lyncdr_helpers.lab.blueprint import DIRECTORY_USER, MANAGEMENT_USER, TSIG_KEY, Blueprint

TEMPLATE = """\
# The training deployment that `lyncdr lab up` starts on this machine. Everything in it is on loopback.
deployment: lab
generation: {generation}
sip_domains: [lync.test]

sites:
  primary:
    name: Head office
    pools:
      - fqdn: pool01.lync.test
        edition: standard
        servers:
          - {{fqdn: fe01.lync.test, address: {primary}}}
  dr:
    name: Standby site
    pools:
      - fqdn: drse01.lync.test
        edition: standard
        servers:
          - {{fqdn: drse01.lync.test, address: {dr}}}

failover: {{from: pool01.lync.test, to: drse01.lync.test}}

directory:
  url: ldaps://{domain_controller}:{ldaps_port}
  base: DC=lync,DC=test
  domain_controller: dc1.lync.test
  ca_file: {at}ca.pem
  bind: {{method: simple, user: {directory_user}, password: "file:{at}secrets/directory"}}

management_host:
  transport: winrm
  url: https://{management_host}:{winrm_port}/wsman
  server_name: mgmt.lync.test
  auth: ntlm
  user: {management_user}
  password: "file:{at}secrets/management"
  ca_file: {at}ca.pem
  exchange: {{there: 'C:\\lyncdr', here: {at}mgmt/c/lyncdr}}

dns:
  servers:
    - name: ns
      address: {nameserver}
      port: {dns_port}
      zones: [lync.test]
{update}
  resolvers:
    - {{name: office, address: {nameserver}, port: {dns_port}}}
  records:
    - {{name: sip.lync.test, type: A, to: [{dr}], ttl: 60}}
    - {{name: sipinternal.lync.test, type: A, to: [{dr}], ttl: 60}}
    - {{name: lyncdiscoverinternal.lync.test, type: A, to: [{dr}], ttl: 60}}
    - {{name: meet.lync.test, type: A, to: [{dr}], ttl: 60}}
    - {{name: dialin.lync.test, type: A, to: [{dr}], ttl: 60}}
    - {{name: _sipinternaltls._tcp.lync.test, type: SRV, to: [0 0 {sip_port} drse01.lync.test.], ttl: 60}}

backup:
  store: {at}dr-store
  work_folder: {at}work
  signing_key: "file:{at}secrets/signing"

group_chat:
  sql: {sql}
  database: {database}
  dump: {{there: 'D:\\{dumps}', here: {at}{dumps_here}}}
  repository: {at}{repository}
  standby_sql: {standby_sql}
  standby_dump: {{there: 'D:\\{dumps}', here: {at}{standby_dumps_here}}}
  standby_repository: {at}{standby_repository}
  standby_server: {{fqdn: {standby_host}, address: {standby_address}}}

retention: {{last: 7, daily: 14, weekly: 8, monthly: 12}}

# The lab's servers listen on SIP alone: ports below 1024 are the system's.
probes: {{from_here: false, from_management_host: false}}

thresholds: {{export_age_hours: 26, rto_minutes: 60, batch_users: 100}}

runs_folder: {at}runs
"""

TSIG = """\
      update: tsig
      tsig: {{name: {key}, algorithm: hmac-sha256, secret: "file:{at}secrets/tsig"}}"""

GSS_TSIG = """\
      update: gss-tsig
      host: dc1.lync.test"""


def render(blueprint: Blueprint, relative_to: Path) -> str:
    """The parameters of that lab as YAML, its paths written from the folder `relative_to`."""
    at = _prefix(blueprint.folder, relative_to)
    return TEMPLATE.format(
        at=at,
        generation=blueprint.generation,
        primary=blueprint.primary_server,
        dr=blueprint.dr_server,
        domain_controller=blueprint.domain_controller,
        ldaps_port=blueprint.ldaps_port,
        directory_user=DIRECTORY_USER,
        management_host=blueprint.management_host,
        winrm_port=blueprint.winrm_port,
        management_user=MANAGEMENT_USER,
        nameserver=blueprint.nameserver,
        dns_port=blueprint.dns_port,
        sip_port=blueprint.sip_port,
        sql=group_chat.sql_server(blueprint).name,
        standby_sql=group_chat.standby_server(blueprint).name,
        database=group_chat.DATABASE,
        dumps=group_chat.DUMPS,
        dumps_here=_inside(blueprint, group_chat.dumps(blueprint)),
        repository=_inside(blueprint, group_chat.repository(blueprint)),
        standby_dumps_here=_inside(blueprint, group_chat.standby_dumps(blueprint)),
        standby_repository=_inside(blueprint, group_chat.standby_repository(blueprint)),
        standby_host=group_chat.SERVER_HOST,
        standby_address=blueprint.group_chat_server,
        update=GSS_TSIG if blueprint.dns == "samba" else TSIG.format(key=TSIG_KEY, at=at),
    )


def _inside(blueprint: Blueprint, path: Path) -> str:
    """`group-chat/repository`: a path below the lab's folder."""
    return path.relative_to(blueprint.folder).as_posix()


def _prefix(folder: Path, relative_to: Path) -> str:
    """`../.lab/`, or nothing where both are one."""
    way = PurePath(os.path.relpath(folder, relative_to)).as_posix()
    return "" if way == "." else f"{way}/"
