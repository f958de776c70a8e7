"""What 0.7.0 left on a disk, made of what this version left."""
import json
import os
import shutil
import sqlite3

from bench import ROOT, sha256


def old_identity(identity):
    return sha256(b"0.7.0 " + identity.encode())


def held_place(name):
    """Where 0.7.0 put what a profile holds back: among what is delivered, in a folder `held`."""
    folder, _, file = name.rpartition("/")
    return f"{folder}/held/{file}"


def make_old(bench):
    """Makes state and results into what 0.7.0 would have left: its tables, its sidecars, no markers, no tree of held ones."""
    path = bench.at("state/ledger.sqlite")
    new = sqlite3.connect(path)
    new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    old = sqlite3.connect(path + ".old")
    with open(os.path.join(ROOT, "Tests", "Fixtures", "ledger-0.7.0.sql")) as file:
        old.executescript(file.read())
    for table in ["facts", "roots", "captures", "results"]:
        columns = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
        where = {"facts": "WHERE name IN ('boot', 'rebuilt')", "results": "WHERE removed_at IS NULL"}.get(table, "")
        rows = new.execute(f"SELECT {', '.join(columns)} FROM {table} {where}").fetchall()
        for row in rows:
            row = dict(zip(columns, row))
            if row.get("identity") and table in ("captures", "results"):
                row["identity"] = old_identity(row["identity"])
            if table == "results" and row["delivery"] == "held":
                row["output"] = held_place(row["output"].decode()).encode()
            old.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", list(row.values()))
    old.commit()
    old.execute("PRAGMA journal_mode = WAL")
    old.close()
    new.close()
    for suffix in ["-wal", "-shm"]:
        if os.path.exists(path + suffix):
            os.remove(path + suffix)
    os.rename(path + ".old", path)
    for tree in [bench.output, bench.held, bench.quarantine, bench.at("state")]:
        if os.path.exists(os.path.join(tree, ".nctd-tree")):
            os.remove(os.path.join(tree, ".nctd-tree"))
    for folder, _, names in os.walk(bench.held):
        for name in names:
            place = os.path.relpath(os.path.join(folder, name), bench.held)
            target = os.path.join(bench.output, held_place(place))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.rename(os.path.join(folder, name), target)
    shutil.rmtree(bench.held, ignore_errors=True)
    count = 0
    for path in bench.output_files():
        if not path.endswith(".json"):
            continue
        with open(path) as file:
            sidecar = json.load(file)
        sidecar["engine_version"] = "0.7.0"
        for key in ["palettes", "transfer"]:
            sidecar.pop(key, None)
        for key in ["align", "white_cell_belief", "solver", "solver_labels"]:
            sidecar["parameters"].pop(key, None)
        sidecar["quality"].pop("no_data_share", None)
        sidecar["capture"]["identity"] = old_identity(sidecar["capture"]["identity"])
        if "/held/" in path:
            sidecar["output"]["path"] = path[:-5]
        with open(path, "w") as file:
            json.dump(sidecar, file, indent=2, sort_keys=True)
        count += ".png.v" not in path
    return count
