"""A second reckoning of every light of an export, from the documents (docs/export.md, docs/rule-language.md).

Nothing here is shared with the program that wrote the export: days are walked one by one, ledgers entry by entry.
Standard library only.

    times       instants, zones, working calendars
    counting    limits, marks, pauses, day ledgers
    history     which version of a record holds at an instant, and what the facts say of a case
    conditions  the condition language over a case, and the fee ledger
    kinds       what each kind of rule finds
    proofs      the proof of a finding, in the form of the export
    compare     the first place where two proofs part
"""


class Unchecked(Exception):
    """The export uses something that this verifier does not know. It is told, never passed over."""
