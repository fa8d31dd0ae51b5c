"""The benchmarks run and refuse to time what differs; nothing here looks at a clock."""

import argparse
import copy
import importlib
import inspect
import json
import math
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import cnnhistory
from cnnhistory.nn.inference import InferenceNetwork, optimize_for_inference
from cnnhistory.registry import system_of

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import __main__, agreement, memory, networks, peers, recording, timing


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the timed functions move."""

    class Clock:
        now = 0.0
        calls = ""

        def takes(self, name, seconds):
            seconds = iter(seconds)

            def function():
                self.calls += name
                self.now += next(seconds)

            return function

    clock = Clock()
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock.now)
    return clock


def test_medians_ratio_and_spread(clock):
    # two runs to warm up, then five
    ours = clock.takes("o", [9, 9, 1, 1, 2, 1, 1])
    peer = clock.takes("p", [9, 9, 3, 4, 2, 2, 3])
    record = timing.compare("a case", ours, "a peer", peer, repeat=5)
    assert record.case == "a case"
    assert record.peer == "a peer"
    assert (record.ours_ms, record.peer_ms, record.ratio) == (1000, 3000, 3)
    # ratios 3, 4, 1, 2, 3: quartiles of 1, 2, 3, 3, 4 are 1.5 and 3.5
    assert record.spread == (1.5, 3.5)
    assert "ratio  3.00 (1.50 to 3.50)" in str(record)


def test_the_two_alternate_and_take_turns_at_going_first(clock):
    timing.compare("", clock.takes("o", [1] * 5), "", clock.takes("p", [1] * 5), repeat=3)
    assert clock.calls == "poop" + "poop" + "po"


def test_one_run(clock):
    record = timing.compare("", clock.takes("o", [1] * 3), "", clock.takes("p", [2] * 3), repeat=1)
    assert (record.ratio, record.spread) == (2, (2, 2))
    with pytest.raises(ValueError, match="repeat: expected at least 1, got 0"):
        timing.compare("", lambda: None, "", lambda: None, repeat=0)


def test_garbage_collection_comes_back():
    def fails():
        raise KeyError

    with pytest.raises(KeyError):
        timing.compare("", fails, "", fails)
    assert timing.gc.isenabled()


def test_processor_time_is_another_clock(clock, monkeypatch):
    monkeypatch.setattr(timing, "processor_time", True)
    monkeypatch.setattr(timing.time, "process_time", lambda: 2 * clock.now)
    record = timing.compare("", clock.takes("o", [1] * 3), "", clock.takes("p", [2] * 3), repeat=1)
    assert (record.ours_ms, record.peer_ms) == (2000, 4000)


def test_processor_time_is_for_one_thread(capsys, monkeypatch):
    monkeypatch.setattr(timing, "processor_time", False)
    monkeypatch.setattr(__main__, "describe_machine", lambda: {"threads": 2})
    with pytest.raises(SystemExit):
        __main__.main(["networks", "--processor-time"])
    assert "needs one thread: set OMP_NUM_THREADS=1" in capsys.readouterr().err


def test_networks_that_differ_are_not_timed():
    x = torch.ones(1, 4)
    ours, peer = nn.Linear(4, 2), nn.Linear(4, 2)
    with pytest.raises(RuntimeError, match=r"case: expected the outputs of the peer to 0\.0001"):
        networks.check_equal("case", ours, peer, x)
    peer.load_state_dict(ours.state_dict())
    networks.check_equal("case", ours, peer, x)
    nn.init.constant_(ours.bias, float("nan"))
    with pytest.raises(RuntimeError, match="they differ by nan"):
        networks.check_equal("case", ours, peer, x)


def test_networks_that_magnify_rounding_may_differ_as_much(monkeypatch):
    class Cancelling(nn.Module):
        """Subtracts two large numbers, in an order of its own."""

        def __init__(self, first):
            super().__init__()
            self.first = nn.Parameter(torch.tensor(first))

        def forward(self, x):
            return (x + self.first) - 1e4 if self.first > 0 else x + (self.first + 1e4)

    x = torch.tensor([[0.1, 0.3, 0.7]])
    with torch.no_grad():
        found, exact = Cancelling(1e4)(x), Cancelling(1e4).double()(x.double())
    assert networks._difference(found, exact) > networks.TOLERANCE
    networks.check_equal("case", Cancelling(-1e4), Cancelling(1e4), x)
    with pytest.raises(RuntimeError, match="they differ by"):
        networks.check_equal("case", Cancelling(-1e4 + 1), Cancelling(1e4), x)


def test_training_steps_that_differ_are_not_timed():
    networks.check_same_loss("case", lambda: 2.0, lambda: 2.00001)
    with pytest.raises(RuntimeError, match=r"expected equal losses, got \[2.0, 2.01\]"):
        networks.check_same_loss("case", lambda: 2.0, lambda: 2.01)
    with pytest.raises(RuntimeError, match="expected equal losses"):
        networks.check_same_loss("case", lambda: math.nan, lambda: math.nan)


def test_a_training_step_changes_the_weights():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    before = net[1].weight.clone()
    step = networks.training_step(net.eval(), torch.rand(2, 1, 2, 2), torch.tensor([0, 2]))
    assert step() > step()
    assert net.training
    assert not torch.equal(net[1].weight, before)


def test_networks_far_from_float32_are_not_timed():
    torch.manual_seed(0)
    net, x = nn.Linear(4, 2), torch.rand(3, 4)
    half = optimize_for_inference(net, (4,), torch.bfloat16)
    assert 0 <= networks.check_close("case", half, net, x) < 0.01
    with pytest.raises(RuntimeError, match=r"case: expected the outputs of float32 to 0\.05"):
        networks.check_close("case", nn.Linear(4, 2), net, x)
    nn.init.constant_(net.bias, float("nan"))
    with pytest.raises(RuntimeError, match="they differ by nan"):
        networks.check_close("case", half, net, x)


def test_networks_that_magnify_rounding_may_be_far_from_float32():
    class Cancelling(nn.Module):
        """Subtracts two large numbers."""

        def __init__(self):
            super().__init__()
            self.shift = nn.Parameter(torch.tensor(100.0))

        def forward(self, x):
            return (x + self.shift) - 100

    net, x = Cancelling(), torch.tensor([[0.1, 0.3, 0.7]])
    half = InferenceNetwork(copy.deepcopy(net).to(torch.bfloat16), (), torch.bfloat16)
    assert networks.check_close("case", half, net, x) > networks.BFLOAT16_TOLERANCE


def test_every_network_named_is_a_model_with_a_size():
    for name, peer in peers.PEERS.items():
        with torch.device("meta"):
            ours = cnnhistory.create_model(name, **peer.ours)
            assert ours.eval()(torch.empty(1, 3, *[peers.side_of(name)] * 2)).shape == (1, 1000)
    assert peers.title("resnet18").startswith("torchvision 0.")
    assert peers.title("xception").endswith(" legacy_xception")


@pytest.mark.peer
@pytest.mark.parametrize("name", peers.PEERS)
def test_the_weights_fit_the_peer(name):
    with torch.device("meta"):
        ours = cnnhistory.create_model(name, **peers.PEERS[name].ours)
        peer = peers.make_peer(name)
    mine = [tuple(t.shape) for t in ours.state_dict().values()]
    assert mine == [tuple(t.shape) for t in peers.in_our_order(name, peer)]


@pytest.mark.parametrize("name", [n for n in peers.PEERS if n.startswith(networks.SAVING)])
def test_networks_that_save_memory_have_the_keyword(name):
    with torch.device("meta"):
        ours, peer = cnnhistory.create_model(name, **peers.PEERS[name].ours), peers.make_peer(name)
        saving, peer_saving = peers.saving_memory(name, ours, peer)
    assert type(saving) is type(ours)
    assert (peer_saving is None) == (peers.PEERS[name].library == "timm")
    names = {
        name
        for name in peers.PEERS
        if "save_memory" in inspect.signature(builder_of(name)).parameters
    }
    assert names == {name for name in peers.PEERS if name.startswith(networks.SAVING)}


def builder_of(name):
    home = importlib.import_module(f"cnnhistory.{system_of(name).home}")
    return getattr(home, name)


class Allocating(torch.autograd.Function):
    """Allocates in the forward pass, keeping the first part, and in the backward pass."""

    @staticmethod
    def forward(ctx, x, kept, forward, backward):
        ctx.kept, ctx.backward = torch.empty(kept, dtype=torch.uint8), backward
        torch.empty(forward, dtype=torch.uint8)
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        torch.empty(ctx.backward, dtype=torch.uint8)
        return gradient, None, None, None


class Known(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.fc, self.sizes = nn.Linear(10, 3), sizes

    def forward(self, x):
        return Allocating.apply(self.fc(x), *self.sizes)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((5_000_000, 2_000_000, 1_000_000), 7_000_000),
        ((5_000_000, 0, 9_000_000), 14_000_000),
        ((0, 3_000_000, 2_000_000), 3_000_000),
    ],
)
def test_peak_memory_of_a_known_network(sizes, expected):
    x, target = torch.rand(25, 10), torch.zeros(25, dtype=torch.int64)
    # weights with momenta and gradients, images and scores are a few thousand bytes
    assert expected < memory.peak_bytes(Known(*sizes), x, target) < expected + 10_000


def test_peak_memory_is_not_believed_if_something_is_left_over():
    class Hoarding(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.hoard = nn.Linear(4, 3), []

        def forward(self, x):
            self.hoard.append(torch.zeros(100_000))
            return self.fc(x)

    with pytest.raises(RuntimeError, match="expected 60 bytes of gradients to be left, got 40"):
        memory.peak_bytes(Hoarding(), torch.rand(2, 4), torch.tensor([0, 1]))


def test_record_of_memory():
    record = memory.compare_memory("a case", 2**20, "a peer", 3 * 2**20)
    assert (record.ours_mib, record.peer_mib, record.ratio) == (1, 3, 3)
    assert "ratio  3.00 (ours 0.33 of the peer's)" in str(record)


def test_record_of_answers():
    found = agreement.agreement("nin_patches", agreement.patches(32, 20))
    assert (found.case, found.images) == ("nin_patches, answers in bfloat16 and in float32", 20)
    assert found.same >= 18
    assert 0 < found.deviation < 0.05
    assert f"same answer on {found.same} of 20 patches" in str(found)
    assert torch.equal(agreement.patches(32, 20), agreement.patches(32, 21)[:20])


def test_records_keep_what_they_have():
    timed = timing.Record("a", 1.0, "b", 2.0, 2.0, (1.9, 2.1))
    close = timing.compare("", lambda: None, "", lambda: None, 1, deviation=0.01)
    assert "outputs differ by 1.00%" in str(close)
    first, second = recording.as_run({}, {}, [timed, close])["records"]
    assert "deviation" not in first
    assert second["deviation"] == 0.01


FORWARD = [
    "resnet18, forward, as shipped",
    "resnet18, forward, ours optimized",
    "resnet18, forward, both optimized",
]
HALF = ["resnet18, forward, ours in bfloat16", "resnet18, forward, both in bfloat16"]
TRAINING = [
    "resnet18, training step, as shipped",
    "resnet18, training step, both channels-last",
]
MEMORY = ["resnet18, peak memory, as shipped"]
SMALL = ["networks", "--only", "resnet18", "--repeat", "1", "--batch", "2", "--size", "32"]


@pytest.mark.peer
def test_json(capsys, monkeypatch):
    monkeypatch.setattr(networks, "has_bfloat16", lambda: True)
    monkeypatch.setattr(networks, "agreements", lambda: iter(()))
    assert __main__.main([*SMALL, "--json"]) == 0
    out, progress = capsys.readouterr()
    found = json.loads(out)
    assert found["benchmark"] == "networks"
    assert found["settings"] == {
        "processor_time": False,
        "repeat": 1,
        "only": ["resnet18"],
        "kind": list(networks.KINDS),
        "batch": 2,
        "size": 32,
    }
    assert set(found["machine"]) >= {"date", "processor", "threads", "torch"}
    assert [r["case"] for r in found["records"]] == FORWARD + HALF + TRAINING + MEMORY
    for record in found["records"]:
        unit = "mib" if "memory" in record["case"] else "ms"
        fields = {"case", f"ours_{unit}", "peer", f"peer_{unit}", "ratio", "spread"}
        assert set(record) - {"deviation"} == fields
        assert ("deviation" in record) == (record["case"] in HALF)
        ratio = record[f"peer_{unit}"] / record[f"ours_{unit}"]
        assert record["ratio"] == pytest.approx(ratio, rel=0.01)
        assert record["peer"].startswith("torchvision ")
    assert len(progress.splitlines()) == len(found["records"])


@pytest.mark.peer
@pytest.mark.parametrize("kind", ["forward", "training", "memory"])
def test_one_kind(capsys, kind):
    assert __main__.main([*SMALL, "--kind", kind, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    wanted = {"forward": FORWARD, "training": TRAINING, "memory": MEMORY}[kind]
    assert [r["case"] for r in found["records"]] == wanted


@pytest.mark.peer
def test_answers_need_no_peer(capsys, monkeypatch):
    monkeypatch.setattr(networks, "make_pair", None)
    record = agreement.AgreementRecord("a run, answers", 10, 9, 0.01)
    monkeypatch.setattr(networks, "agreements", lambda: iter([record]))
    assert __main__.main(["networks", "--kind", "agreement", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["records"]
    assert found == {"case": "a run, answers", "images": 10, "same": 9, "deviation": 0.01}


@pytest.mark.peer
def test_without_arithmetic_in_bfloat16_there_are_no_such_cases(capsys, monkeypatch):
    monkeypatch.setattr(networks, "has_bfloat16", lambda: False)
    assert __main__.main([*SMALL, "--kind", "bfloat16", "--json"]) == 0
    out, progress = capsys.readouterr()
    assert json.loads(out)["records"] == []
    assert "no case in bfloat16: this processor has no arithmetic for it" in progress


@pytest.mark.peer
def test_what_saving_memory_costs_and_gains(capsys):
    small = ["networks", "--only", "densenet121", "--repeat", "1", "--batch", "2", "--size", "64"]
    assert __main__.main([*small, "--kind", "memory", "training", "--json"]) == 0
    found = {r["case"]: r for r in json.loads(capsys.readouterr().out)["records"]}
    assert list(found) == [
        "densenet121, training step, as shipped",
        "densenet121, training step, both channels-last",
        "densenet121, training step, ours saving memory",
        "densenet121, training step, both saving memory",
        "densenet121, peak memory, as shipped",
        "densenet121, peak memory, ours saving memory",
        "densenet121, peak memory, both saving memory",
    ]
    assert found["densenet121, peak memory, ours saving memory"]["ratio"] > 1.03


@pytest.mark.peer
def test_text(capsys, monkeypatch):
    record = timing.Record("a case", 1.0, "a peer", 2.0, 2.0, (1.9, 2.1))
    monkeypatch.setattr(networks, "run", lambda options: iter([record, record]))
    assert __main__.main(["networks"]) == 0
    machine, *lines = capsys.readouterr().out.splitlines()
    assert "torch " in machine
    assert lines == [str(record)] * 2


def test_binary_layers_are_compared_with_the_same_work():
    pytest.importorskip("numba")
    options = argparse.Namespace(
        only=["layers", "loops", "peak", "networks"], layers=["16x4"], batches=[2, 1], repeat=1,
        width=0.05,
    )  # fmt: skip
    from benchmarks import xnor

    before = torch.get_num_threads()
    torch.set_num_threads(1)  # the loops are of one thread
    try:
        records = list(xnor.run(options))
    finally:
        torch.set_num_threads(before)
    threads = xnor.count(1)
    kinds = [
        "against torch",
        "against torch, both warm",
        "against its limit",
        "its limit against torch",
        "against a vectorized loop",
        "against a scalar loop",
    ]
    assert [record.case for record in records[1:13]] == [
        f"16x4x4 batch {batch} on {threads}, {kind}" for batch in (2, 1) for kind in kinds
    ]
    peers = [record.peer for record in records[1:7]]
    assert peers[0] == peers[1] == peers[3]
    assert peers[0].startswith("torch conv2d, float32, channels-")
    assert peers[2] == "as many binary in registers alone"
    assert peers[4:] == [
        "vectorized float loop, compiled by numba",
        "scalar float loop, compiled by numba",
    ]
    assert [record.case.split()[0] for record in records[13:]] == ["bnn_cifar"] * 2 + [
        "xnor_cifar"
    ] * 2


def test_binary_results_that_differ_are_not_timed():
    pytest.importorskip("numba")
    from benchmarks import xnor

    with pytest.raises(RuntimeError, match="case: expected equal results"):
        xnor.check_same("case", torch.zeros(2), torch.tensor([0.0, 1e-9]))


def test_work_in_registers_is_done():
    """What the compiler could leave out would not be a limit."""
    pytest.importorskip("numba")
    from benchmarks import peaks

    assert peaks._binary(1) == sum(
        v + (v ^ ((0x5DEECE66D5DEECE6 + 7 * (v % 8)) % 2**64)).bit_count() for v in range(112)
    )
    assert peaks._binary(3) != peaks._binary(2) != peaks._binary(1)
    # each of 16 lanes of chain c goes to c / 2 + 1
    assert peaks._float(1) == 16 * sum(c / 2 + 1 for c in range(14))
    shared = peaks.in_registers(peaks.BINARY, 2 * 512 * 14 * 3, threads=2)()
    assert shared == [peaks._binary(3)] * 2
    assert peaks.in_registers(peaks.BINARY, 512 * 14 * 3)() == peaks._binary(3)


def test_pressure_solvers_are_compared_at_the_same_divergence(monkeypatch):
    from benchmarks import fluid

    # as good as a few sweeps, so that no recorded network is needed
    monkeypatch.setattr(fluid.zoo, "load_weights", lambda id: {})
    monkeypatch.setattr(nn.Module, "load_state_dict", lambda self, state: None)
    monkeypatch.setattr(fluid, "LearnedSolver", lambda network: fluid.Jacobi(12))
    options = argparse.Namespace(only=fluid.KINDS, sides=[16], repeat=1)
    records = list(fluid.run(options))
    solvers = ["multigrid PCG", "incomplete-Cholesky PCG", "plain CG", "kept factors"]
    want = []
    for what, more in (("with obstacles", []), ("empty", ["cosine transform"])):
        want += [f"16×16 {what}, {name} against SciPy" for name in solvers + more]
        peers = [*solvers, *more, "Jacobi"]
        want += [f"16×16 {what}, network against {name}" for name in peers]
    assert [record.case for record in records] == want
    assert "12 sweeps of Jacobi, " in records[len(solvers) + len(solvers)].peer


def test_a_solver_that_leaves_too_much_is_not_timed():
    from benchmarks import fluid

    source, geometry = fluid.problem(16, obstructed=True)
    found = fluid.Jacobi(5)(source, geometry)
    with pytest.raises(RuntimeError, match="case: expected at most"):
        fluid.check_left("case", source, found, geometry, 0.01)
    assert fluid.enough_sweeps(source, geometry, 0.2) > 5
    with pytest.raises(RuntimeError, match="sweeps: expected at most"):
        fluid.enough_sweeps(source, geometry, 1e-9)


def test_unknown_names_are_refused(capsys):
    for arguments in (["nothing"], [], ["networks", "--only", "lenet0"]):
        with pytest.raises(SystemExit) as stop:
            __main__.main(arguments)
        assert stop.value.code == 2
    assert "invalid choice: 'lenet0'" in capsys.readouterr().err


def test_searches_are_compared_that_give_the_same():
    from benchmarks import decoding

    options = argparse.Namespace(
        only=["recomputation", "lstm"], batches=[2], lengths=[4], beams=[1, 2], vocabulary=30,
        repeat=1,
    )  # fmt: skip
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        records = list(decoding.run(options))
    finally:
        torch.set_num_threads(before)
    assert [record.case for record in records] == [
        f"4 tokens batch 2 {kind} on 1 thread, {against}"
        for kind in ("greedy", "beam of 2")
        for against in ("against recomputation", "against an LSTM")
    ]
    assert all(record.deviation < 1e-5 for record in records[::2])
    assert records[1].peer.startswith("LSTM with attention, ")


def test_searches_that_differ_are_not_timed():
    from benchmarks import decoding
    from cnnhistory.nlp.decoding import Hypothesis

    one, other = Hypothesis((4, 5), -1.0, -0.5), Hypothesis((4, 6), -1.0, -0.5)
    assert decoding.difference("case", [one], [one], 2) == 0
    with pytest.raises(RuntimeError, match="case: expected equal targets of 2 tokens"):
        decoding.difference("case", [one], [other], 2)
    with pytest.raises(RuntimeError, match="case: expected equal targets of 3 tokens"):
        decoding.difference("case", [one], [one], 3)
