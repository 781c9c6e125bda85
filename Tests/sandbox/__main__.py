"""`python -m sandbox`: starts the domain, the pod and the admin API, and says where they are."""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from .admin import admin_app
from .assertions import AssertionVerifier
from .audit import Audit
from .certificates import throwaway_authority
from .clock import Clock
from .domain import domain_app
from .faults import Faults, FaultyApp
from .invoices import Invoices
from .jobs import Jobs
from .pod import pod_app
from .rate import RateLimit
from .server import Listener
from .state import DEFAULT_START, State
from .tokens import Tokens


def main() -> int:
    options = arguments()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        state = State(options.config)
    except (OSError, ValueError) as error:
        print(f"sandbox: {options.config}: {error}", file=sys.stderr)
        return 2
    clock = Clock(state)
    tls = throwaway_authority(options.tls) if options.tls else None
    domain = Listener(options.host, options.domain_port, options.threads, tls)
    pod = Listener(options.host, options.pod_port, options.threads, tls)
    admin = Listener(options.host, options.admin_port, threads=16)

    tokens, jobs, invoices = Tokens(state, clock), Jobs(clock), Invoices()
    faults, audit = Faults(), Audit(clock, options.log)
    verifier = AssertionVerifier(state, clock, tokens, domain.url)
    rate = RateLimit(state)
    domain_side = domain_app(domain.url, state, clock, tokens, verifier, rate, audit)
    pod_side = pod_app(state, clock, tokens, jobs, invoices, audit)
    domain.start(FaultyApp("domain", domain_side, faults, clock))
    pod.start(FaultyApp("pod", pod_side, faults, clock))
    listeners = {"domain": domain, "pod": pod}
    admin.start(admin_app(state, clock, tokens, jobs, invoices, verifier.seen, rate, faults, audit, listeners))

    print(json.dumps({
        "identityDomainUrl": domain.url, "fusionUrl": pod.url, "adminUrl": admin.url,
        **({"caFile": str(tls.ca.resolve())} if tls else {}),
        "tenantName": state.start.tenant, "scope": state.start.agent_scope, "apiScope": state.start.api_scope,
    }), flush=True)
    if options.until_stdin_closes:
        threading.Thread(target=stop_at_end_of_input, args=[stopping], daemon=True).start()
    stopping.wait()
    faults.clear()
    stops = [threading.Thread(target=listener.stop) for listener in (domain, pod, admin)]
    for stop in stops:
        stop.start()
    for stop in stops:
        stop.join()
    return 0


def stop_at_end_of_input(stopping: threading.Event) -> None:
    """Reads the descriptor itself: the lock of `sys.stdin`, held by a thread, would abort the interpreter's exit."""
    while os.read(sys.stdin.fileno(), 65536):
        pass
    stopping.set()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="A strict identity domain and Fusion pod.")
    parser.add_argument("--config", type=Path, default=DEFAULT_START, metavar="FILE", help="the start state, JSON")
    parser.add_argument("--tls", type=Path, metavar="DIR", help="serve over TLS; the throwaway CA is written to DIR")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append every audit row to FILE as a line of JSON")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop at the end of standard input")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--domain-port", type=int, default=0, help="port of the identity domain (any free one)")
    parser.add_argument("--pod-port", type=int, default=0, help="port of the pod (any free one)")
    parser.add_argument("--admin-port", type=int, default=0, help="port of the admin API (any free one)")
    parser.add_argument("--threads", type=int, default=200, help="requests served at once, per side (200)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
