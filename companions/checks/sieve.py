"""An answer on its way to the person: what is safe passes, what may become a match waits.

Held back is what one of the blocking checks cannot judge yet: a number or an address that may go on,
or as many signs as the longest match of an expression has, at most 256. Where nothing blocks nothing waits.
"""

from __future__ import annotations

from dataclasses import dataclass

from companions.checks.folding import Folded
from companions.checks.guard import Finding, Guard, Rule
from companions.checks.seekers import BEHIND, Seeker, Sight, seekers_of


@dataclass(frozen=True, slots=True)
class Passed:
    """`text` may be shown now. `stopped` says that nothing more of the answer may."""

    text: str
    found: tuple[Finding, ...] = ()
    stopped: bool = False


@dataclass(slots=True)
class _Sought:
    """`judged` is up to where nothing begins any more that it looks for; from the folded beginning."""

    rule: Rule
    seeker: Seeker
    judged: int = 0

    def seek(self, text: str, first: int, final: bool) -> Sight:
        sight = self.seeker.seek(text, max(first, self.judged - self.seeker.behind), final)
        self.judged = sight.open_from
        return sight


class Sieve:
    """Feed it the answer piece by piece, then finish. After `stopped` it takes nothing more."""

    def __init__(self, guard: Guard) -> None:
        self._sought = [
            _Sought(rule, seeker)
            for rule in guard.at("output")
            if rule.check is not None
            for seeker in seekers_of(rule.check)
        ]
        #: Where the whole answer is judged first, nothing of it is shown before.
        self.whole = any(rule.blocks for rule, _check in guard.topics("output"))
        self._folded = Folded()
        self._held = ""
        self._shown = 0  # signs of what was written
        self._forgotten = False

    def feed(self, piece: str) -> Passed:
        return self._pass(piece, final=False)

    def finish(self) -> Passed:
        """What was held back, as far as it may be shown."""
        return self._pass("", final=True)

    def _pass(self, piece: str, final: bool) -> Passed:
        self._folded.add(piece)
        self._held += piece
        upto, found, stopped = len(self._folded.text), [], False
        for sought in list(self._sought):
            sight = sought.seek(self._folded.text, int(self._forgotten), final)
            if sight.at is not None:
                found.append(Finding(sought.rule, "output", sight.what))
                self._sought.remove(sought)  # told once
                stopped = stopped or sought.rule.blocks
            if sought.rule.blocks:
                upto = min(upto, sight.open_from if sight.at is None else sight.at)
        if stopped:
            upto = self._cut(upto)
        if self.whole and not final:
            upto = 0
        return Passed(self._release(upto), tuple(found), stopped)

    def _cut(self, upto: int) -> int:
        """Where it ends is an end for the other checks too: less may stand behind what they look for."""
        text = self._folded.text[:upto]
        sights = (one.seeker.seek(text, 0, True) for one in self._sought if one.rule.blocks)
        ends = [sight.at for sight in sights if sight.at is not None]
        return self._cut(min(ends)) if ends else upto

    def _release(self, upto: int) -> str:
        places = self._folded.places
        place = places[upto] if upto < len(places) else self._folded.written
        count = max(0, place - self._shown)
        text, self._held = self._held[:count], self._held[count:]
        self._shown += count
        spare = min(upto, len(places)) - BEHIND
        if spare > 0:
            self._forget(spare)
        return text

    def _forget(self, count: int) -> None:
        self._folded.forget(count)
        self._forgotten = True
        for sought in self._sought:
            sought.judged = max(0, sought.judged - count)
