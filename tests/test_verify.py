"""Certificates: they pass where all is well, every check finds a fault that was planted, replays name it."""

from __future__ import annotations

from collections.abc import Callable
import hashlib
import json
from pathlib import Path
import random
from typing import Any

from click.testing import CliRunner
import dslc
from dslc.__main__ import cli
from dslc.proof import certificate_file, digests, verify
from dslc.proof import checks as proof
from dslc.proof.places import places
from dslc.proof.streamed import check_stream
from dslc.proof.trial import Trial
from dslc.runtime import engine, fingerprint, jit
import numpy as np
import pytest

from . import programs

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.json"))
EXAMPLE = ROOT / "examples" / "ema-crossover.json"
BARS = ROOT / "examples" / "bars" / "AAPL.csv"
CHECKS = ["prefixes", "futures", "stream", "chunks", "plain", "nodes"]

SOURCE = {
    "configuration": {"timeframe": "1D"},
    "inputs": {"fast": "ema(close, 3)", "macd": "fast - ema(close, 7)", "smooth": "ema(macd, 3)"},
    "conditions": {"up": "macd > smooth", "strong": "rsi(close, 5) > 50"},
    "score": {"up": 40, "strong": 60},
    "decision": {"entry": "score >= 60"},
}


def walk(candles: int, seed: int = 1) -> dict[str, Any]:
    return dict(programs.bars(random.Random(seed), candles))


def trial(candles: int = 120) -> Trial:
    return Trial(dslc.compile(SOURCE).evaluate(walk(candles)))


def made(candles: int = 200) -> tuple[dslc.Certificate, dict[str, Any]]:
    bars = walk(candles)
    return dslc.compile(SOURCE).verify(bars), bars


@pytest.fixture(scope="module")
def certificate() -> dslc.Certificate:
    return made()[0]


# ── Passing ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_verified(path: Path) -> None:
    table = np.genfromtxt(BARS, delimiter=",", names=True, dtype=None, encoding="utf-8")[:400]
    columns = {name: table[name].astype(float) for name in ("Open", "High", "Low", "Close", "Volume")}
    strategy = dslc.compile(path)
    if strategy.timeframe == "1D":  # of the others the bars are none, so nobody asks when they open
        columns["Date"] = table["Date"]
    found = strategy.verify(columns)
    assert found.ok, str(found)
    assert [check.name for check in found.checks] == CHECKS
    assert all(check.cases for check in found.checks)
    assert found.checks[0].cases == found.checks[0].of == 399
    assert found.checks[2].cases == found.checks[2].of == 400


@pytest.mark.parametrize("seed", range(12))
def test_random_strategies_are_verified(seed: int) -> None:
    rng = random.Random(seed)
    document = programs.strategy(rng, size=rng.choice([2, 4, 8]), alive=rng.random() < 0.8)
    strategy = dslc.compile(document)
    bars = programs.bars(rng, rng.choice([1, 2, 40, 70]), kind=rng.choice(programs.KINDS))
    found = strategy.verify(bars, seed=seed)
    assert found.ok, str(found)
    again = dslc.read_certificate(found.to_json().encode())
    assert again == found
    assert strategy.replay(again, bars).same


def test_no_candles_and_one_candle() -> None:
    for candles in (0, 1):
        bars = {name: values[:candles] for name, values in walk(3).items()}
        found = dslc.compile(SOURCE).verify(bars)
        assert found.ok
        assert dslc.compile(SOURCE).replay(dslc.read_certificate(found.to_json().encode()), bars).same


def test_times_zones_and_resampled_candles() -> None:
    import pandas as pd

    index = pd.date_range("2024-03-01", periods=40 * 24, freq="h", tz="America/New_York")
    frame = pd.DataFrame(walk(len(index)), index=index)
    found = dslc.compile(SOURCE).verify(frame, resample=True, align="America/New_York")
    assert found.ok, str(found)
    assert found.bars.first is not None and found.bars.first.endswith("-05:00")
    assert found.checks[2].cases == found.bars.candles == 40


def test_offsets_of_their_own_are_no_zone() -> None:
    times = [f"2024-03-{day:02}T00:00{'-05:00' if day < 11 else '-04:00'}" for day in range(1, 31)]
    found = dslc.compile(SOURCE).verify({"time": times, **walk(30)})
    assert found.ok, str(found)


def test_a_thorough_verification_tries_more() -> None:
    bars = walk(40)
    less, more = (dslc.compile(SOURCE).verify(bars, thorough=thorough) for thorough in (False, True))
    assert more.ok and more.thorough
    assert more.checks[1].cases > less.checks[1].cases


def test_budgets_hold_for_results_that_are_there_twice() -> None:
    strategy, bars = dslc.compile(SOURCE), walk(20_000)
    memory = strategy._prepare(strategy._names("all")).plan.bytes(20_000) + 1000
    strategy.evaluate(bars, memory=memory)
    with pytest.raises(dslc.StrategyError, match="would need"):
        strategy.verify(bars, memory=memory)


def test_many_candles_are_sampled_and_the_certificate_says_how_many() -> None:
    found = dslc.compile(SOURCE).verify(walk(30_000))
    prefixes, _, stream = found.checks[:3]
    assert found.ok
    assert 3 <= prefixes.cases < (prefixes.of or 0) == 29_999
    assert stream.cases < (stream.of or 0) == 30_000


def test_the_lengths_of_prefixes_are_the_ends_the_warm_up_and_both_sides_of_boundaries() -> None:
    long = trial(30_000)
    lengths = proof._lengths(long, proof.Effort())
    chunk, warmup = long.chunk, long.evaluation.strategy.warmup
    last = 29_999 // chunk * chunk
    for k in (1, 2, warmup, warmup + 1, chunk - 1, chunk, chunk + 1, last - 1, last, last + 1, 29_999):
        assert k in lengths, k
    assert lengths == proof._lengths(long, proof.Effort())
    assert lengths != proof._lengths(long, proof.Effort(seed=1))


def test_a_certificate_is_the_same_each_time_but_for_when_it_was_made() -> None:
    one, other = made()[0].to_dict(), made()[0].to_dict()
    assert one.pop("made").keys() == other.pop("made").keys() == {"at", "seconds"}
    assert json.dumps(one) == json.dumps(other)
    assert made()[0].to_json().startswith('{\n  "dslc certificate": 1,\n')


def test_digests_of_results_can_be_computed_by_anyone(certificate: dslc.Certificate) -> None:
    result = dslc.compile(SOURCE).evaluate(walk(200))
    for name, values in {
        "inputs.macd": result.inputs["macd"],
        "conditions.up": result.conditions["up"],
        "score": result.score,
        "entry": result.entry,
        "score_low": result.score_low,
    }.items():
        assert certificate.results[name] == hashlib.sha256(values.tobytes()).hexdigest()


def test_a_certificate_of_the_largest_strategy_is_below_a_megabyte() -> None:
    inputs = {f"{'i' * 59}{i:05}": f"close + {i / 7}" for i in range(512)}
    names = [f"{'c' * 59}{i:05}" for i in range(460)]
    conditions = {name: f"close > {i} OR open < {i / 3} OR high > {i}" for i, name in enumerate(names)}
    document = {**SOURCE, "inputs": inputs, "conditions": conditions, "score": {names[0]: 100}}
    strategy = dslc.compile(document)
    assert len(strategy._checked.graph) > 3_500
    found = verify._records(places(strategy._checked), _Zeros(digests.WHOLE + 2 * digests.BLOCK))
    small = strategy.verify(walk(2))
    text = dslc.Certificate(**{**vars(small), "nodes": found}).to_json()
    assert len(text) < certificate_file.LARGEST
    assert digests.block_length(8192, 10**9) * 2 >= 10**9


class _Zeros(dict[str, str]):
    def __init__(self, length: int) -> None:
        self.length = length

    def __getitem__(self, name: str) -> str:
        return "0" * self.length


def test_an_engine_has_a_digest_of_its_own() -> None:
    found = fingerprint.engine()
    assert fingerprint.engine_digest() == found.digest
    assert len({found.digest, fingerprint.Engine(*["x"] * 8).digest}) == 2
    assert found.numpy == np.__version__


# ── Each check finds what was planted for it ─────────────────────────────────────────────────────────────

Run = Callable[..., engine.Kept]


def sabotage(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[engine.Kept, Any, dict[str, Any]], None]
) -> None:
    """Let every run of the engine go wrong."""
    honest = engine.run

    def run(plan: Any, bars: Any, **how: Any) -> engine.Kept:
        kept = honest(plan, bars, **how)
        if kept.numbers.size:
            spoil(kept, bars, how)
        return kept

    monkeypatch.setattr(engine, "run", run)


def test_a_value_that_reads_one_candle_ahead_is_found_by_the_prefixes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def leak(kept: engine.Kept, bars: Any, how: Any) -> None:
        kept.numbers[0, :-1] = kept.numbers[0, 1:].copy()

    sabotage(monkeypatch, leak)
    found = proof.check_prefixes(trial(), proof.Effort())
    assert not found.passed
    flaw = found.flaw
    assert flaw is not None
    assert (flaw.check, flaw.row, flaw.name) == ("prefixes", 1, "inputs.fast")
    assert flaw.case == "the first 2 candles alone"
    close = walk(120)["close"]  # what the plan of all nodes has in its first row
    assert (flaw.node, flaw.owner) == ("close", "inputs.fast")
    assert (flaw.expected, flaw.found) == (repr(close[2]), repr(close[1]))
    certificate = dslc.compile(SOURCE).verify(walk(120))
    assert not certificate.ok
    assert certificate.flaw == flaw
    assert dslc.read_certificate(certificate.to_json().encode()) == certificate
    shown = str(certificate)
    assert "FAILED     prefixes: the first 2 candles alone" in shown
    assert "mistake of dslc" in shown and "please report it" in shown
    assert "Verified" not in shown


def test_one_node_that_reads_ahead_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine shifts what `subtract` gives one candle back, wherever that is kept."""
    strategy = dslc.compile(SOURCE)
    node = strategy._checked.inputs["macd"]
    plans = {}
    honest = engine.run

    def run(plan: Any, bars: Any, **how: Any) -> engine.Kept:
        kept = honest(plan, bars, **how)
        for row in plans.get(id(plan), ()):
            kept.numbers[row, :-1] = kept.numbers[row, 1:].copy()
        return kept

    from dslc.proof import trial as trials

    prepare = trials.prepare_forms

    def remember(checked: Any, wanted: Any) -> Any:
        wanted = list(wanted)
        prepared = prepare(checked, wanted)
        numbers = [form for form in wanted if form[0] == "number"]
        plans[id(prepared.plan)] = [numbers.index(("number", node))]
        return prepared

    monkeypatch.setattr(trials, "prepare_forms", remember)
    monkeypatch.setattr(engine, "run", run)
    whole = strategy._prepare(("fast", "macd", "smooth", "up", "strong"))
    plans[id(whole.plan)] = [1]
    flaw = proof.check_prefixes(Trial(strategy.evaluate(walk(60))), proof.Effort()).flaw
    assert flaw is not None
    assert (flaw.name, flaw.node, flaw.owner) == ("inputs.macd", "fast - ema(close, 7)", "inputs.macd")


@pytest.mark.parametrize("seen", [np.isnan, np.isinf, lambda bars: bars == 1e308])
def test_a_future_that_is_not_finite_and_matters_is_found(
    seen: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leak(kept: engine.Kept, bars: Any, how: Any) -> None:
        if seen(bars[3]).any():
            kept.numbers[0, 0] = 42.0

    sabotage(monkeypatch, leak)
    assert proof.check_prefixes(trial(), proof.Effort()).passed
    flaw = proof.check_futures(trial(), proof.Effort()).flaw
    assert flaw is not None
    assert (flaw.check, flaw.row, flaw.name, flaw.found) == ("futures", 0, "inputs.fast", "42.0")
    assert "from candle" in flaw.case


def test_a_future_that_the_bars_let_through_and_that_matters_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = dslc.Strategy.evaluate

    def leak(self: dslc.Strategy, bars: Any, **how: Any) -> Any:
        result = honest(self, bars, **how)
        result.score[0] = int(result.bars.close[-1] * 1000)
        return result

    monkeypatch.setattr(dslc.Strategy, "evaluate", leak)
    flaw = proof.check_futures(trial(), proof.Effort()).flaw
    assert flaw is not None
    assert (flaw.check, flaw.row, flaw.name) == ("futures", 0, "score")
    assert flaw.case.startswith("other candles from candle")


def test_a_stream_that_forgets_a_bit_at_a_snapshot_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = engine.Machine.memory

    def forget(self: engine.Machine) -> engine.Memory:
        memory = honest(self)
        memory.before[:] = np.nextafter(memory.before, 0.0)
        return memory

    assert check_stream(trial(), proof.Effort()).passed
    monkeypatch.setattr(engine.Machine, "memory", forget)
    flaw = check_stream(trial(), proof.Effort()).flaw
    assert flaw is not None
    assert flaw.check == "stream"
    assert "restored before candle" in flaw.case


def test_a_candle_that_a_stream_gets_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = engine.Machine.push
    pushed = []

    def push(self: engine.Machine, bar: Any) -> engine.Kept:
        kept = honest(self, bar)
        pushed.append(bar)
        if len(pushed) > 100:
            kept.integers[0, 0] += 1
        return kept

    monkeypatch.setattr(engine.Machine, "push", push)
    flaw = check_stream(trial(), proof.Effort()).flaw
    assert flaw is not None
    assert flaw.name == "score"
    assert 90 < flaw.row <= 100
    assert int(flaw.found) == int(flaw.expected) + 1


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_chunk_length_that_matters_is_found(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def leak(kept: engine.Kept, bars: Any, how: dict[str, Any]) -> None:
        if how.get("chunk") == size:
            kept.numbers[1, 50] = np.nextafter(kept.numbers[1, 50], 0.0)

    sabotage(monkeypatch, leak)
    flaw = proof.check_chunks(trial(), proof.Effort()).flaw
    assert flaw is not None
    assert (flaw.check, flaw.row, flaw.name) == ("chunks", 50, "inputs.macd")
    assert f"{size:,} candle" in flaw.case


def test_a_kernel_that_is_compiled_to_something_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = jit.plain_address
    monkeypatch.setattr(
        jit, "plain_address", lambda name, lanes: honest("fall" if name == "rise" else name, lanes)
    )
    flaw = proof.check_plain(trial(), proof.Effort()).flaw
    assert flaw is not None
    assert (flaw.check, flaw.name) == ("plain", "score_low") or flaw.name.startswith("conditions.")
    assert (flaw.node, flaw.owner, flaw.row) == ("rise(close, close[1])", "conditions.strong", 1)


def test_where_nothing_is_compiled_plain_python_is_no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    found = proof.check_plain(trial(), proof.Effort())
    assert (found.cases, found.passed) == (0, True)


def test_a_plan_of_all_nodes_that_gives_other_results_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(engine.Machine):
        def run(self, bars: Any) -> engine.Kept:
            kept = super().run(bars)
            kept.integers[2, 70] += 1  # low, high, sum
            return kept

    monkeypatch.setattr(digests, "Machine", Wrong)
    found = made()[0]
    assert [check.name for check in found.checks if not check.passed] == ["nodes"]
    assert found.flaw is not None
    assert (found.flaw.name, found.flaw.row) == ("score", 64)


# ── Replays ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_replay_gives_the_same_bits(certificate: dslc.Certificate) -> None:
    found = dslc.compile(SOURCE).replay(certificate, walk(200))
    assert found.same and found.same_nodes and not found.engine
    assert "same bits" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)


def tampered(certificate: dslc.Certificate, change: Callable[[dict[str, Any]], None]) -> dslc.Certificate:
    data = json.loads(certificate.to_json())
    change(data)
    return dslc.read_certificate(json.dumps(data).encode())


def test_a_tampered_digest_names_its_node(certificate: dslc.Certificate) -> None:
    def change(data: dict[str, Any]) -> None:
        node = next(node for node in data["nodes"]["inputs.macd"] if node["text"] == "ema(close, 7)")
        text = node["digests"]["number"]
        at = digests.WHOLE + 2 * digests.BLOCK
        node["digests"]["number"] = "0" * 32 + text[32:at] + "00000000" + text[at + 8 :]

    found = dslc.compile(json.dumps(SOURCE, indent=2)).replay(tampered(certificate, change), walk(200))
    difference = found.difference
    assert difference is not None and not found.same
    assert (difference.name, difference.node, difference.form) == ("inputs.macd", "ema(close, 7)", "number")
    assert difference.rows == (2 * certificate.block, 3 * certificate.block - 1)
    assert (difference.line, difference.column) == (7, 21)
    assert "`ema(close, 7)` of inputs.macd" in str(found)
    assert "The same engine has to give the same bits" in str(found)


def test_a_tampered_result_is_named(certificate: dslc.Certificate) -> None:
    def change(data: dict[str, Any]) -> None:
        data["results"]["entry"] = "0" * 64

    found = dslc.compile(SOURCE).replay(tampered(certificate, change), walk(200))
    assert found.difference is not None
    assert (found.difference.name, found.difference.node) == ("entry", None)


@pytest.mark.parametrize(
    ("name", "other", "node", "owner"),
    [
        ("rise", "fall", "rise(close, close[1])", "conditions.strong"),
        ("subtract", "add", "fast - ema(close, 7)", "inputs.macd"),
        ("greater", "unequal", "macd > smooth", "conditions.up"),
    ],
)
def test_a_changed_kernel_is_named_by_the_first_node_that_differs(
    name: str, other: str, node: str, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = walk(120)
    certificate = dslc.compile(SOURCE).verify(bars)
    honest = jit.address
    monkeypatch.setattr(jit, "address", lambda op, lanes: honest(other if op == name else op, lanes))
    found = dslc.compile(SOURCE).replay(certificate, bars).difference
    assert found is not None
    assert (found.node, found.name) == (node, owner)


def test_another_engine_is_allowed_and_said(
    certificate: dslc.Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(data: dict[str, Any]) -> None:
        data["engine"] |= {"numba": "0.1", "sha256": "1" * 64}

    found = dslc.compile(SOURCE).replay(tampered(certificate, change), walk(200))
    assert found.same
    assert found.engine["numba"][0] == "0.1"
    assert "numba    0.1 → " in str(found)


def test_a_compiler_that_makes_other_nodes_compares_results(certificate: dslc.Certificate) -> None:
    def change(data: dict[str, Any]) -> None:
        data["engine"]["sha256"] = "1" * 64
        data["nodes"]["inputs.fast"][1]["text"] = "ema_of_old(close, 3)"

    found = dslc.compile(SOURCE).replay(tampered(certificate, change), walk(200))
    assert found.same and not found.same_nodes
    assert "this compiler makes others" in str(found)


def test_other_bars_and_other_strategies_are_refused(certificate: dslc.Certificate) -> None:
    with pytest.raises(dslc.CertificateError, match="of other bars: 200 candles"):
        dslc.compile(SOURCE).replay(certificate, walk(200, seed=2))
    with pytest.raises(dslc.CertificateError, match="of other bars"):
        dslc.compile(SOURCE).replay(certificate, walk(199))
    with pytest.raises(dslc.CertificateError, match="of another strategy"):
        dslc.compile({**SOURCE, "decision": {"entry": "score >= 61"}}).replay(certificate, walk(200))
    with pytest.raises(dslc.CertificateError, match="its timeframe is 1D"):
        dslc.compile(SOURCE, timeframe="1H").replay(certificate, walk(200))


# ── Damaged files ────────────────────────────────────────────────────────────────────────────────────────


def _edit(change: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    def edited(raw: bytes) -> bytes:
        data = json.loads(raw)
        change(data)
        return json.dumps(data).encode()

    return edited


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda raw: b"",
    "cut off": lambda raw: raw[: len(raw) // 2],
    "without its last byte": lambda raw: raw.rstrip()[:-1],
    "not UTF-8": lambda raw: raw.replace(b"1D", b"\xff\xfe"),
    "UTF-16": lambda raw: raw.decode().encode("utf-16"),
    "zeros": lambda raw: bytes(1000),
    "deep": lambda raw: b"[" * 100_000,
    "a list": lambda raw: b"[]",
    "a number": lambda raw: b"1",
    "a huge number": lambda raw: b'{"dslc certificate": ' + b"9" * 10_000 + b"}",
    "too large": lambda raw: raw + b" " * 2**20,
    "a key twice": lambda raw: raw.replace(b'"seed"', b'"seed": 1, "seed"'),
    "NaN": lambda raw: raw.replace(b'"seed": 0', b'"seed": NaN'),
    "no version": _edit(lambda data: data.pop("dslc certificate")),
    "another version": _edit(lambda data: data.update({"dslc certificate": 2})),
    "a version that is a truth": _edit(lambda data: data.update({"dslc certificate": True})),
    "a missing member": _edit(lambda data: data.pop("nodes")),
    "a member too many": _edit(lambda data: data.update(more=1)),
    "a short digest": _edit(lambda data: data["results"].update(entry="ab")),
    "a digest of other letters": _edit(lambda data: data["strategy"].update(sha256="G" * 64)),
    "a negative count": _edit(lambda data: data["bars"].update(candles=-1)),
    "no block": _edit(lambda data: data.update(block=0)),
    "other blocks": _edit(lambda data: data.update(block=data["block"] * 2)),
    "a node without digests": _edit(lambda data: data["nodes"]["entry"][0].update(digests={})),
    "a node of another form": _edit(lambda data: data["nodes"]["entry"][0].update(digests={"x": "0"})),
    "nodes that are none": _edit(lambda data: data["nodes"].update(entry=[1])),
    "an extent into the future": _edit(lambda data: data["extents"].update(entry=[0, 1])),
    "an outcome that the checks deny": _edit(lambda data: data.update(ok=False)),
    "checks that are none": _edit(lambda data: data.update(checks={})),
    "a moment that is none": _edit(lambda data: data["made"].update(seconds="1")),
    "an engine of lists": _edit(lambda data: data["engine"].update(numba=[])),
    "a lone surrogate": lambda raw: raw.replace(b'"1D"', b'"\\ud800' + b"x" * 500 + b'"'),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_certificate_is_refused_with_a_reason(
    damage: Callable[[bytes], bytes], certificate: dslc.Certificate, tmp_path: Path
) -> None:
    path = tmp_path / "certificate.json"
    path.write_bytes(damage(certificate.to_json().encode()))
    done = CliRunner().invoke(cli, ["verify", str(EXAMPLE), "--data", str(BARS), "--replay", str(path)])
    assert done.exit_code == 2, done.output
    assert done.output.startswith(f"dslc: {path}: it ")
    assert len(done.output) < len(str(path)) + 200


def test_any_change_of_a_byte_is_an_error_or_another_certificate(certificate: dslc.Certificate) -> None:
    raw, rng = certificate.to_json().encode(), random.Random(5)
    for _ in range(300):
        changed = bytearray(raw)
        changed[rng.randrange(len(raw))] = rng.randrange(256)
        try:
            found = dslc.read_certificate(bytes(changed))
        except dslc.CertificateError:
            continue
        assert (found == certificate) == (json.loads(changed) == json.loads(raw))
        try:
            dslc.compile(SOURCE).replay(found, walk(200))
        except dslc.CertificateError:
            continue


def test_nodes_that_are_not_those_of_the_strategy_are_damage(certificate: dslc.Certificate) -> None:
    def change(data: dict[str, Any]) -> None:
        data["nodes"]["inputs.fast"].pop()

    with pytest.raises(dslc.CertificateError, match="its nodes are not those of the strategy"):
        dslc.compile(SOURCE).replay(tampered(certificate, change), walk(200))


# ── The command ──────────────────────────────────────────────────────────────────────────────────────────


def invoke(*args: object) -> Any:
    return CliRunner().invoke(cli, ["verify", *map(str, args)])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("verify") / "certificate.json"
    done = invoke(EXAMPLE, "--data", BARS, "--timeframe", "1D", "--out", path)
    assert done.exit_code == 0, done.output
    return path, done.output


def test_the_command_writes_a_certificate_that_replays(written: tuple[Path, str]) -> None:
    path, output = written
    assert "Verified   every check gave the same bits" in output
    found = dslc.read_certificate(path.read_bytes())
    assert found.results["entry"] in output
    done = invoke(EXAMPLE, "--data", BARS, "--timeframe", "1D", "--replay", path)
    assert (done.exit_code, "same bits" in done.output) == (0, True)
    data = invoke(EXAMPLE, "--data", BARS, "--timeframe", "1D", "--replay", path, "--format", "json").output
    assert json.loads(data) == {"same": True, "difference": None, "engine": {}, "same_nodes": True}


def test_the_command_says_what_a_certificate_is_not_of(written: tuple[Path, str]) -> None:
    path, _ = written
    other = invoke(EXAMPLE, "--data", BARS.with_name("IBM.csv"), "--timeframe", "1D", "--replay", path)
    assert (other.exit_code, "of other bars" in other.output) == (2, True)
    other = invoke(ROOT / "examples" / "hammer.json", "--data", BARS, "--replay", path)
    assert (other.exit_code, "of another strategy" in other.output) == (2, True)


def test_the_command_fails_with_1_where_a_bit_differs(written: tuple[Path, str], tmp_path: Path) -> None:
    data = json.loads(written[0].read_text())
    data["nodes"]["inputs.emaSlow"][0]["digests"]["number"] = "1" * len(
        data["nodes"]["inputs.emaSlow"][0]["digests"]["number"]
    )
    path = tmp_path / "tampered.json"
    path.write_text(json.dumps(data))
    done = invoke(EXAMPLE, "--data", BARS, "--timeframe", "1D", "--replay", path)
    assert done.exit_code == 1
    assert "DIFFERENT  first in `ema(close, 21)` of inputs.emaSlow" in done.output
    assert "between 2000-03-01 and 2000-05-" in done.output


def test_the_command_fails_with_1_where_a_check_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def leak(kept: engine.Kept, bars: Any, how: Any) -> None:
        kept.numbers[0, :-1] = kept.numbers[0, 1:].copy()

    sabotage(monkeypatch, leak)
    done = invoke(EXAMPLE, "--data", BARS, "--timeframe", "1D")
    assert done.exit_code == 1
    assert "FAILED     prefixes" in done.output


def test_what_cannot_be_is_refused_with_2(written: tuple[Path, str], tmp_path: Path) -> None:
    path, _ = written
    for args in (
        ("--out", tmp_path / "certificate.txt"),
        ("--out", BARS),
        ("--replay", tmp_path / "none.json"),
        ("--replay", tmp_path),
        ("--replay", path, "--out", tmp_path / "other.json"),
        ("--align", "UTC"),
        ("--seed", "-1"),
    ):
        done = invoke(EXAMPLE, "--data", BARS, "--timeframe", "1D", *args)
        assert done.exit_code == 2, (args, done.output)
        assert "Traceback" not in done.output
    assert invoke(EXAMPLE, "--data", BARS).exit_code == 1  # hourly strategy, daily bars


def test_json_is_the_certificate() -> None:
    output = invoke(ROOT / "examples" / "higher-close.json", "--data", BARS, "--format", "json").output
    assert dslc.read_certificate(output.encode()).ok
