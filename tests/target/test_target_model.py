from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from l7audit.model import Identity, Kind, Target
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel

DOCUMENTS = Path(__file__).parent / "documents"
Says = Callable[..., Answer]

MANY = "openapi: 3.1.0\nsecurity: [{k: []}]\npaths:\n" + "\n".join(
    f"  /r{n}: {{get: {{}}}}" for n in range(30)
)


def model(name: str, target: Target, seed: int = 1) -> TargetModel:
    return TargetModel.of((DOCUMENTS / name).read_text(), target, seed=seed)


def places(found: list[Any]) -> list[str]:
    return [str(s.place()) for s in found]


def test_surfaces_are_bounded_and_the_seed_chooses_among_equals(target: Target) -> None:
    chosen = {
        seed: places(TargetModel.of(MANY, target, seed=seed).surfaces(Kind.PROTECTED_READ))
        for seed in (1, 2, 3)
    }
    assert all(len(found) == 3 for found in chosen.values())
    assert chosen[1] == places(TargetModel.of(MANY, target, seed=1).surfaces(Kind.PROTECTED_READ))
    assert len({tuple(found) for found in chosen.values()}) > 1


def test_reads_without_parameters_and_without_oddities_come_first(target: Target) -> None:
    found = places(model("warehouse_kebab.yaml", target).surfaces(Kind.PROTECTED_READ, limit=9))
    assert found[0] == "GET /stock-items"
    assert found[-1] == "GET /stock-items/{sku}/watch"


def test_what_one_may_read_about_oneself_comes_before_other_reads(target: Target) -> None:
    text = "openapi: 3.1.0\nsecurity: [{k: []}]\npaths: {/aa: {get: {}}, /whoami: {get: {}}}"
    for seed in range(5):
        found = TargetModel.of(text, target, seed=seed).surfaces(Kind.PROTECTED_READ)
        assert places(found)[0] == "GET /whoami"


def test_a_kind_that_is_not_there_has_no_surfaces(target: Target) -> None:
    assert model("warehouse_kebab.yaml", target).surfaces(Kind.TOKEN) == []


def test_protected_reads_can_be_asked_for_by_what_opens_them(target: Target) -> None:
    found = model("warehouse_kebab.yaml", target)
    assert found.protected_reads(accepts="basic", limit=1)
    assert found.protected_reads(accepts="bearer") == []


def test_protected_reads_are_those_that_answer_the_identity(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    def reply(request: Request) -> Answer:
        if request.path.startswith("/wh/stock-items"):
            return answer(200, {"stock-items": [{"sku": "A"}]})
        return answer(403)

    probe = answering(reply)
    found = model("warehouse_kebab.yaml", target)
    sessions = Sessions(found, probe)
    reads = found.protected_reads(sessions, alice, limit=2)
    assert places(reads) == ["GET /stock-items", "GET /stock-items/{sku}"]
    assert reads[1].values == {"sku": "A"}
    asked = len(probe.sent)
    found.protected_reads(sessions, alice, limit=1)
    assert len(probe.sent) == asked  # remembered


def test_schemes_are_listed_by_use(target: Target) -> None:
    found = model("clinic_camel.yaml", target)
    assert [s.field for s in found.schemes("api_key")] == ["clinicKey"]
    assert [s.field for s in found.schemes("cookie")] == ["CLINICSESSION"]
    assert found.schemes("basic") == []
