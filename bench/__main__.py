"""``python -m bench [NAME...]``: run the benchmarks and write ``bench/results/latest.json``.

A name that is not run keeps the figures it had; each says the commit it was made with, and the machine if it was
another.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench import (
    console,
    dkim,
    feed,
    ledger,
    lists,
    measure,
    plot,
    rebuild,
    sendgrid,
    serving,
    sign_up,
    similar,
    smtp,
    splice,
)

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "latest.json"
PLOT = HERE / "results" / "rebuild.svg"
SENDING = HERE / "results" / "sending.svg"

ALL: Mapping[str, Callable[[], dict[str, Any]]] = {
    "splice_vs_emailmessage": splice.vs_emailmessage,
    "splice_vs_join": splice.vs_join,
    "dkim_rsa_of_limit": dkim.rsa_of_limit,
    "dkim_ed25519_of_limit": dkim.ed25519_of_limit,
    "smtp_vs_smtplib": smtp.vs_smtplib,
    "smtp_vs_aiosmtplib": smtp.vs_aiosmtplib,
    "smtp_vs_listmonk": smtp.vs_listmonk,
    "smtp_cpu_vs_smtplib": smtp.cpu_vs_smtplib,
    "smtp_small_vs_smtplib": smtp.small_vs_smtplib,
    "smtp_of_source": smtp.of_source,
    "smtp_delay_vs_smtplib": smtp.delay_vs_smtplib,
    "smtp_delay_vs_listmonk": smtp.delay_vs_listmonk,
    "smtp_delay_of_rtt": smtp.delay_of_rtt,
    "ledger_share_sqlite": ledger.share_sqlite,
    "ledger_share_postgres": ledger.share_postgres,
    "sending_memory": ledger.memory,
    "sendgrid_vs_helpers": sendgrid.sendgrid_vs_helpers,
    "feed304_vs_nginx": serving.vs_nginx,
    "feed_atom_vs_feedgen": feed.run,
    "rebuild_one_of_10k": rebuild.run,
    "similar_add_one_100k": similar.run,
    "import_vs_executemany": lists.sqlite,
    "import_vs_copy": lists.on_postgres,
    "console_million_vs_thousand": console.pages,
    "sign_up_known_vs_unknown": sign_up.known_vs_unknown,
}


def main(names: list[str]) -> int:
    """Exit status 0 done, 1 when something could not be measured here, 2 misused."""
    if unknown := [name for name in names if name not in ALL]:
        print(f"bench: no benchmark {', '.join(unknown)}; there are: {', '.join(ALL)}", file=sys.stderr)
        return 2
    results = _kept() if names else {}
    # Asked once, before the results themselves make the tree differ from its commit.
    commit = measure.commit(HERE)
    missed = 0
    for name in names or ALL:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            results[name] = ALL[name]() | {"commit": commit}
        except RuntimeError as error:
            missed = 1
            print(f"bench: {name} was not measured: {error}", file=sys.stderr, flush=True)
            continue
        print(f"{name}: {results[name]['ratio']} ({results[name]['what']})", flush=True)
        _write(results, commit)
    return missed


def _kept() -> dict[str, Any]:
    """What was measured before; what was measured elsewhere says where."""
    try:
        found = json.loads(RESULTS.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    here, there = measure.machine(), found.get("machine")
    kept = {name: {"machine": there} | one for name, one in found["results"].items()}
    return {name: _without_machine(one) if one["machine"] == here else one for name, one in kept.items()}


def _without_machine(one: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key != "machine"}


def _write(results: Mapping[str, Any], commit: str) -> None:
    ordered = {name: results[name] for name in sorted(results)}
    whole = {"machine": measure.machine(), "commit": commit, "results": ordered}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if found := results.get("rebuild_one_of_10k"):
        PLOT.write_text(plot.rebuild(found["steps"], _where(found)), "utf-8")
    if found := results.get("smtp_vs_smtplib"):
        SENDING.write_text(plot.sending(results, _where(found)), "utf-8")


def _where(found: Mapping[str, Any]) -> str:
    machine = found.get("machine") or measure.machine()
    return f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
