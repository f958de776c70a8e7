"""Holds the maximum flow of Sources/CKernels/maxflow.c against SciPy's, exactly, on 500 random graphs.

Compiles the C file as it is, and calls it with graphs of few and many arcs: no structure, rings, one-way arcs, grids with
further pairs as an expansion move has them; whole capacities from 0 to 2^25. The flow must be SciPy's, the arcs'
remaining capacities must be a flow of that value, and the side of the sink must cut exactly as much.
"""

import ctypes
import os
import subprocess
import sys
import tempfile

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import maximum_flow

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KERNELS = os.path.join(ROOT, "Sources", "CKernels")
GRAPHS = 500
SEED = 23
INT = ctypes.POINTER(ctypes.c_int32)
BYTE = ctypes.POINTER(ctypes.c_uint8)


class FlowGraph(ctypes.Structure):
    """`nct_flow_graph` of nct_maxflow.h."""

    _fields_ = [
        ("nodes", ctypes.c_size_t),
        *[(name, INT) for name in ("first", "head", "reverse", "residual", "terminal")],
        *[(name, INT) for name in ("parent", "next", "stamp", "distance", "orphans")],
        ("tree", BYTE),
    ]


def compiled(folder):
    library = os.path.join(folder, "maxflow.so")
    compiler = os.environ.get("CC", "clang")
    subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-I", os.path.join(KERNELS, "include"),
         os.path.join(KERNELS, "maxflow.c"), "-o", library], check=True)
    function = ctypes.CDLL(library).nct_maxflow
    function.restype = ctypes.c_int64
    return function


def random_graph(draw, kind):
    """Pairs, their capacities forth and back, and what each node gets from the source or gives to the sink."""
    greatest = int(draw.choice([2, 20, 1000, 1 << 25]))
    if kind == "grid":
        width, height = draw.integers(2, 13, 2)
        nodes = int(width * height)
        index = np.arange(nodes).reshape(height, width)
        pairs = np.concatenate([
            np.stack([index[:, :-1].ravel(), index[:, 1:].ravel()], 1),
            np.stack([index[:-1].ravel(), index[1:].ravel()], 1),
            *[draw.permutation(nodes)[None, :2] for _ in range(2 * nodes)]])
    else:
        nodes = int(draw.integers(1, 70))
        count = int(draw.integers(0, 4 * nodes)) if nodes > 1 else 0
        pairs = np.array([draw.permutation(nodes)[:2] for _ in range(count)], int).reshape(-1, 2)
        if kind == "ring" and nodes > 2:
            pairs = np.stack([np.arange(nodes), (np.arange(nodes) + 1) % nodes], 1)
    forth = draw.integers(0, greatest + 1, len(pairs))
    back = np.zeros_like(forth) if kind == "one-way" else draw.integers(0, greatest + 1, len(pairs))
    terminal = draw.integers(-greatest, greatest + 1, nodes)
    if kind == "sparse":
        terminal[draw.random(nodes) < 0.8] = 0
    return pairs, forth, back, terminal


def arcs_of(pairs, forth, back, nodes):
    """The pairs as arcs, a node's next to each other."""
    tails = np.concatenate([pairs[:, 0], pairs[:, 1]])
    order = np.argsort(tails, kind="stable")
    place = np.argsort(order)
    first = np.concatenate([[0], np.cumsum(np.bincount(tails, minlength=nodes))])
    head = np.concatenate([pairs[:, 1], pairs[:, 0]])[order]
    partner = np.concatenate([place[len(pairs):], place[:len(pairs)]])[order]
    return [np.ascontiguousarray(values, np.int32)
            for values in (first, head, partner, np.concatenate([forth, back])[order])]


def solve(function, pairs, forth, back, terminal):
    nodes = len(terminal)
    first, head, reverse, residual = arcs_of(pairs, forth, back, nodes)
    left = terminal.astype(np.int32)
    scratch = [np.zeros(nodes, np.int32) for _ in range(5)]
    tree, sink = np.zeros(nodes, np.uint8), np.zeros(nodes, np.uint8)
    graph = FlowGraph(
        nodes, *[values.ctypes.data_as(INT) for values in (first, head, reverse, residual, left, *scratch)],
        tree.ctypes.data_as(BYTE))
    flow = function(ctypes.byref(graph), sink.ctypes.data_as(BYTE))
    return flow, residual, left, sink, (first, head)


def expected(pairs, forth, back, terminal):
    nodes = len(terminal)
    gets, gives = np.flatnonzero(terminal > 0), np.flatnonzero(terminal < 0)
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], np.full(len(gets), nodes), gives])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], gets, np.full(len(gives), nodes + 1)])
    values = np.concatenate([forth, back, terminal[gets], -terminal[gives]])
    matrix = coo_matrix((values, (rows, columns)), shape=(nodes + 2, nodes + 2)).tocsr()
    matrix.sum_duplicates()
    result = maximum_flow(matrix.astype(np.int32), nodes, nodes + 1)
    return int(result.flow[nodes].toarray().astype(np.int64).sum())


def check(function, pairs, forth, back, terminal):
    """What is wrong, or nothing."""
    flow, residual, left, sink, (first, head) = solve(function, pairs, forth, back, terminal)
    wanted = expected(pairs, forth, back, terminal)
    if flow != wanted:
        return f"the flow is {flow}, SciPy's {wanted}"
    if (residual < 0).any() or (left * np.sign(terminal) < 0).any():
        return "an arc carries more than it can"
    tails = np.repeat(np.arange(len(terminal)), np.diff(first))
    carried = arcs_of(pairs, forth, back, len(terminal))[3].astype(np.int64) - residual
    # An arc and its reverse show the same flow with opposite signs.
    balance = np.zeros(len(terminal), np.int64)
    np.add.at(balance, tails, -carried)
    if (balance + (terminal - left) != 0).any():
        return "what flows into a node does not flow out of it"
    cut = terminal[(sink == 1) & (terminal > 0)].sum() - terminal[(sink == 0) & (terminal < 0)].sum()
    cut += forth[(sink[pairs[:, 0]] == 0) & (sink[pairs[:, 1]] == 1)].sum()
    cut += back[(sink[pairs[:, 1]] == 0) & (sink[pairs[:, 0]] == 1)].sum()
    return None if cut == flow else f"the cut costs {cut}, the flow is {flow}"


def main():
    draw = np.random.default_rng(SEED)
    kinds = ["any", "ring", "one-way", "sparse", "grid"]
    with tempfile.TemporaryDirectory() as folder:
        function = compiled(folder)
        total = 0
        for number in range(GRAPHS):
            graph = random_graph(draw, kinds[number % len(kinds)])
            total += len(graph[3])
            if wrong := check(function, *graph):
                sys.exit(f"FAILED: maximum flow, seed {SEED}, graph {number} ({kinds[number % len(kinds)]}): {wrong}")
    print(f"maximum flow: {GRAPHS} graphs of {total} nodes, seed {SEED}: all as SciPy has them")


if __name__ == "__main__":
    main()
