"""Opens shops: one to audit, or a lab of them in which a defect can be planted."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from l7audit.errors import ProviderError, UsageError
from l7audit.hookspecs import Lab, Progress, Provider
from l7audit.model import Capability, Credential, Identity, Target
from l7audit.profile import Profile
from l7audit_shop.defects import ALL
from l7audit_shop.serve import KEY_HEADER

BUYERS = ("ann", "ben")


class ShopProvider(Provider):
    """A shop with two buyers, started for the audit."""

    name = "shop"

    @contextmanager
    def open(self, profile: Profile, folder: Path, progress: Progress) -> Iterator[Target]:
        """A fresh shop; the profile's option `planted` names defects of it."""
        planted = profile.target.options.get("planted", [])
        unknown = [name for name in planted if name not in ALL]
        if unknown:
            raise UsageError(
                f"The shop has no defect {unknown[0]!r}.", mend=f"There are: {', '.join(ALL)}."
            )
        progress("opening the shop")
        with _shop(planted) as target:
            yield target

    @contextmanager
    def open_lab(
        self, profile: Profile, folder: Path, progress: Progress, lanes: int
    ) -> Iterator[Lab]:
        """A shop a lane, opened anew for each variant."""
        with ExitStack() as closing:
            yield _ShopLab(closing, lanes)


class _ShopLab:
    def __init__(self, closing: ExitStack, lanes: int) -> None:
        self.lanes = lanes
        self._open = [closing.enter_context(ExitStack()) for _ in range(lanes)]

    def defects(self) -> Mapping[str, str]:
        return {name: (kind.__doc__ or "").strip() for name, kind in ALL.items()}

    def whole(self) -> Collection[str]:
        return ()

    def target(self, lane: int, defects: Sequence[str]) -> Target:
        self._open[lane].close()  # what the lane showed before
        return self._open[lane].enter_context(_shop(defects))


@contextmanager
def _shop(planted: Sequence[str]) -> Iterator[Target]:
    """A running shop. Errors: `ProviderError` where it does not come up."""
    keys = {name: secrets.token_urlsafe(16) for name in BUYERS}
    settings = {"planted": list(planted), "buyers": {key: name for name, key in keys.items()}}
    process = subprocess.Popen(
        [sys.executable, "-c", "from l7audit_shop.serve import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the audit, which then closes the shop
    )
    with process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(settings) + "\n")
            process.stdin.flush()
            url = process.stdout.readline().strip()
            if not url:
                raise ProviderError("The shop did not open.", mend="See what it says on stderr.")
            yield Target(
                name="shop",
                provider=ShopProvider.name,
                base_url=url,
                origins=[url],
                openapi=f"{url}/openapi.json",
                capabilities=[Capability.HTTP, Capability.OPENAPI, Capability.IDENTITIES],
                identities=[
                    Identity(
                        name=name,
                        credentials=[Credential(kind="api_key", name=KEY_HEADER, secret=key)],
                    )
                    for name, key in keys.items()
                ],
            )
        finally:
            process.terminate()
