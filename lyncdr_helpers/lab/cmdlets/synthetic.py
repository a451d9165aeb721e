"""The synthetic tests: each knocks at the pool's registrar as a client would, and none believes a word about it."""

from __future__ import annotations

import datetime as dt
import time

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DOMAIN, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.forest import LabPool
from lyncdr_helpers.lab.people import TEST_USERS
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError
from lyncdr_helpers.probes.sip import judge_registrar

PATIENCE = 3.0
RESULT = "Microsoft.Rtc.SyntheticTransactions.TaskOutput"
MONITORED = {DR_POOL: TEST_USERS}
"""The test users of the pools that have some."""


def get_health_monitoring(call: Call, state: State) -> None:
    """-Identity, a pool, or every pool that has test users."""
    state.heed(call, "Identity")
    state.require_cms()
    wanted = call.get("Identity")
    if wanted and str(wanted).lower() not in MONITORED:
        raise CmdletError(
            f'Cannot find "HealthMonitoringConfiguration" "{wanted}" because it does not exist.',
            "ManagementObjectNotFound",
            Category.ObjectNotFound,
            str(wanted),
        )
    for pool, (first, second) in MONITORED.items():
        call.output(
            "Microsoft.Rtc.Management.WritableConfig.Settings.HealthMonitoring.TargetPool",
            Identity=pool,
            FirstTestUserSipUri=f"sip:{first}",
            SecondTestUserSipUri=f"sip:{second}",
            TargetFqdn=pool,
        )


def test_registration(call: Call, state: State) -> None:
    """-TargetFqdn, -UserSipAddress."""
    _test(call, state, "UserSipAddress")


def test_im(call: Call, state: State) -> None:
    """-TargetFqdn, -SenderSipAddress, -ReceiverSipAddress."""
    _test(call, state, "SenderSipAddress", "ReceiverSipAddress")


def test_presence(call: Call, state: State) -> None:
    """-TargetFqdn, -PublisherSipAddress, -SubscriberSipAddress."""
    _test(call, state, "PublisherSipAddress", "SubscriberSipAddress")


def test_group_im(call: Call, state: State) -> None:
    """-TargetFqdn, -SenderSipAddress, -ReceiverSipAddress."""
    _test(call, state, "SenderSipAddress", "ReceiverSipAddress")


def _test(call: Call, state: State, *people: str) -> None:
    """The people who are named must be homed and enabled there; where none is, health monitoring users are meant."""
    state.heed(call, "TargetFqdn", *people)
    pool = state.pool(str(call.get("TargetFqdn", "")))
    began = time.monotonic()
    obstacle = _people(state, pool, [call.get(name) for name in people if call.get(name)]) or _registrar(state, pool)
    call.output(
        RESULT,
        TargetFqdn=pool.fqdn,
        Result="Failure" if obstacle else "Success",
        Latency=str(dt.timedelta(seconds=time.monotonic() - began)),
        Error=obstacle,
        Diagnosis="",
    )


def _people(state: State, pool: LabPool, addresses: list[str]) -> str:
    for address, found in state.accounts.find(addresses):
        if len(found) != 1 or found[0].lync("UserEnabled") != "TRUE":
            return f"403 Forbidden: {address} cannot sign in."
        if state.home(found[0]) != pool:
            return f"301 Moved Permanently: {address} is not homed on {pool.fqdn}."
    return ""


def _registrar(state: State, pool: LabPool) -> str:
    """Why a client could not sign in there; empty when it could."""
    blueprint = state.blueprint
    if pool.fqdn == BRANCH_POOL:
        return f"No address of {pool.fqdn} answers: the lab has no branch appliance."
    address = blueprint.primary_server if pool.fqdn == PRIMARY_POOL else blueprint.dr_server
    dialer = SocketDialer(PATIENCE, blueprint.ca_file)
    try:
        certificate = dialer.tls(address, blueprint.sip_port, pool.fqdn)
        answers = dialer.sip(address, blueprint.sip_port, DOMAIN, pool.fqdn)
    except OperationError as error:
        return f"504 Server time-out: {error.message}"
    if certificate.trusted or not certificate.covers(pool.fqdn):
        return f"The certificate of {pool.fqdn} is not valid: {certificate.trusted or 'it stands for other names'}."
    judged = judge_registrar(answers)
    return "" if judged.verdict is Verdict.PASS else judged.seen
