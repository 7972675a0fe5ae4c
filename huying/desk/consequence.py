"""What an act will do, said before it is done: the new stage, who is told, which clocks change."""

from __future__ import annotations

from collections.abc import Iterator

from huying.ledger.fold import State
from huying.ledger.question import count_key
from huying.ledger.vocabulary import Act, Procedure, people
from huying.ledger.wording import Wording

MOVES = {
    "starts": "Starts: {clocks}.",
    "stops": "Ends: {clocks}.",
    "answers": "Decides: {clocks}.",
    "pauses": "Stands still: {clocks}.",
    "resumes": "Goes on: {clocks}.",
    "moves": "Moves: {clocks}; the first date stays on record.",
}


def of(act: Act, procedure: Procedure, state: State, wording: Wording) -> list[str]:
    """Sentences that a person reads above the button."""
    return list(_of(act, procedure, state, wording))


def _of(act: Act, procedure: Procedure, state: State, wording: Wording) -> Iterator[str]:
    if act.to and act.to != state.stage:
        yield wording.say("The stage becomes “{stage}”.", stage=wording.of(procedure.stage(act.to)))
    if act.tells:
        told = wording.joined([wording.of(people(word)) for word in act.tells])
        yield wording.say("Told: {people}.", people=told)
    for key in MOVES:
        clocks = [name for name in getattr(act, key) if key == "starts" or name in state.running or key == "resumes"]
        labels = [wording.of(procedure.clocks[name].label) for name in clocks if name in procedure.clocks]
        if labels:
            yield wording.say(MOVES[key], clocks=wording.joined(labels))
    if act.counts and procedure.counts[act.counts].most:
        rule = procedure.counts[act.counts]
        done = state.counts.get(count_key(procedure, act.counts, state), 0)
        yield wording.say("{name}: time {n} of {most}.", name=wording.of(rule.label), n=done + 1, most=rule.most)
    touched = {*act.starts, *act.stops, *act.pauses, *act.resumes, *act.moves, *act.reckons}
    if "answer" in state.running and "answer" not in touched:
        yield wording.say("The requester's date doesn't move.")
