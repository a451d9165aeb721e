"""Make the lab's domain. Run by the system's Python, which has Samba's bindings, with one JSON object on stdin.

The object: {"smb_conf", "realm", "workgroup", "host", "address", "base", "administrator", "service": {"account",
"password"}, "schema": [LDIF, ...], "entries": [[dn, {attribute: [value]}], ...], "records": [[name, type, ttl,
[value]], ...], "zone"}. On stdin, because arguments and files can be read by others and two values are passwords.
"""

# mypy: disable-error-code="import-not-found"
# Samba's bindings are the system interpreter's; they are never in this project's environment.

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

import ldb
from samba.auth import system_session
from samba.dcerpc import dnsp
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.ndr import ndr_pack
from samba.param import LoadParm
from samba.provision import provision
from samba.provision.sambadns import ARecord, CNAMERecord, SRVRecord
from samba.samdb import SamDB


def main() -> None:
    """Provision, extend the schema, fill."""
    job = json.load(sys.stdin)
    os.environ["SMB_CONF_PATH"] = job["smb_conf"]
    settings = LoadParm()
    settings.load(job["smb_conf"])
    make(job, settings)
    extend_schema(job, opened(settings))
    samdb = opened(settings, f"transaction_index_cache_size:{max(len(job['entries']) * 20, 10000)}")
    samdb.transaction_start()
    add_entries(job, samdb)
    add_records(job, samdb)
    samdb.transaction_commit()
    add_service_account(job, samdb)
    add_service_name(job, samdb)


def make(job: dict[str, Any], settings: LoadParm) -> None:
    """An empty domain with one domain controller."""
    logger = logging.getLogger("provision")
    logger.setLevel(logging.WARNING)
    provision(
        logger,
        system_session(settings),
        smbconf=job["smb_conf"],
        realm=job["realm"],
        domain=job["workgroup"],
        hostname=job["host"],
        hostip=job["address"],
        adminpass=job["administrator"],
        serverrole="active directory domain controller",
        dns_backend="SAMBA_INTERNAL",
        dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
        batch_mode=True,
        lp=settings,
    )


def opened(settings: LoadParm, *options: str) -> SamDB:
    """The directory's files, as the system itself."""
    return SamDB(
        url=settings.private_path("sam.ldb"), session_info=system_session(settings), lp=settings, options=list(options)
    )


def extend_schema(job: dict[str, Any], samdb: SamDB) -> None:
    """Each step in one transaction: Samba reads the whole schema anew after every one."""
    for step in job["schema"]:
        samdb.transaction_start()
        samdb.modify_ldif(step) if "changetype: modify" in step else samdb.add_ldif(step)
        samdb.transaction_commit()
        samdb.set_schema_update_now()


def add_entries(job: dict[str, Any], samdb: SamDB) -> None:
    """The entries in their order; what Active Directory made by itself stays as it is."""
    for dn, attributes in job["entries"]:
        message = ldb.Message(ldb.Dn(samdb, dn))
        for name, values in attributes.items():
            message[name] = ldb.MessageElement([value.encode() for value in values], ldb.FLAG_MOD_ADD, name)
        if exists(samdb, message.dn):
            continue
        try:
            samdb.add(message)
        except ldb.LdbError as error:
            raise SystemExit(f"{dn}: {error.args[1]}") from error


def exists(samdb: SamDB, dn: ldb.Dn) -> bool:
    try:
        return bool(samdb.search(dn, ldb.SCOPE_BASE, attrs=["1.1"]))
    except ldb.LdbError as error:
        if error.args[0] == ldb.ERR_NO_SUCH_OBJECT:
            return False
        raise


def add_records(job: dict[str, Any], samdb: SamDB) -> None:
    """The zone's records, but for the name that the domain controller registered for itself."""
    zone = f"DC={job['zone']},CN=MicrosoftDNS,DC=DomainDnsZones,{job['base']}"
    for name, kind, ttl, values in job["records"]:
        label = name.removesuffix(f".{job['zone']}")
        dn = ldb.Dn(samdb, f"DC={label},{zone}")
        packed = [ndr_pack(record(kind, ttl, value)) for value in values]
        if not exists(samdb, dn):
            samdb.add({"dn": dn, "objectClass": "dnsNode", "dnsRecord": packed})


def record(kind: str, ttl: int, value: str) -> dnsp.DnssrvRpcRecord:
    """`SRV`, 60, `0 0 5061 pool01.lync.test.` -> a record as Active Directory keeps it."""
    if kind == "A":
        return ARecord(value, ttl=ttl)
    if kind == "CNAME":
        return CNAMERecord(value.rstrip("."), ttl=ttl)
    if kind == "SRV":
        priority, weight, port, target = value.split()
        return SRVRecord(target.rstrip("."), int(port), int(priority), int(weight), ttl=ttl)
    raise SystemExit(f"{kind} records are not for this zone")


def add_service_account(job: dict[str, Any], samdb: SamDB) -> None:
    """An account that reads the directory like everybody, and may change the zone."""
    account = job["service"]["account"]
    samdb.newuser(account, job["service"]["password"])
    samdb.setexpiry(f"(sAMAccountName={account})", 0, no_expiry_req=True)
    samdb.add_remove_group_members("DnsAdmins", [account])


def add_service_name(job: dict[str, Any], samdb: SamDB) -> None:
    """What Kerberos clients call its LDAP: a domain controller registers that itself, with a service left out here."""
    message = ldb.Message(ldb.Dn(samdb, f"CN={job['host'].upper()},OU=Domain Controllers,{job['base']}"))
    name = f"ldap/{job['host']}.{job['zone']}"
    message["name"] = ldb.MessageElement(name, ldb.FLAG_MOD_ADD, "servicePrincipalName")
    samdb.modify(message)


if __name__ == "__main__":
    main()
