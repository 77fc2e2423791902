"""What a recipient has been told of one kind of thing: loaded, and only what changed is stored."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.notify.decide import Flooding, Note
from tallystick.notify.kinds import Kind
from tallystick.notify.models import Flood, Noticed, Recipient

AT_ONCE = 1000
FIELDS = ("noticed_at", "told_at", "reminded_at", "ended_at")


def load_notes(recipient: Recipient, kind: Kind) -> tuple[dict[str, Note], Flooding | None]:
    rows = Noticed.objects.filter(recipient=recipient, kind=kind.value).order_by("pk")
    notes = {ref: Note(*moments) for ref, *moments in rows.values_list("ref", *FIELDS)}
    flood = Flood.objects.filter(recipient=recipient, kind=kind.value).first()
    return notes, Flooding(flood.began_at, flood.calm_at) if flood else None


def store_notes(
    recipient: Recipient,
    kind: Kind,
    before: Mapping[str, Note],
    after: Mapping[str, Note],
    flood_before: Flooding | None = None,
    flood_after: Flooding | None = None,
) -> None:
    """In the transaction that holds the recipient and writes what was decided."""
    mine = Noticed.objects.filter(recipient=recipient, kind=kind.value)
    if gone := before.keys() - after.keys():
        mine.filter(ref__in=gone).delete()
    changed = [
        Noticed(
            recipient=recipient,
            kind=kind.value,
            ref=ref,
            **{name: getattr(note, name) for name in FIELDS},
        )
        for ref, note in after.items()
        if before.get(ref) != note
    ]
    Noticed.objects.bulk_create(
        changed,
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["recipient", "kind", "ref"],
        update_fields=list(FIELDS),
    )
    if flood_before == flood_after:
        return
    Flood.objects.filter(recipient=recipient, kind=kind.value).delete()
    if flood_after is not None:
        Flood.objects.create(
            recipient=recipient,
            kind=kind.value,
            began_at=flood_after.began_at,
            calm_at=flood_after.calm_at,
        )


def forget_notes(recipient: Recipient) -> None:
    """Another choice begins anew: what is wrong now is told once more."""
    Noticed.objects.filter(recipient=recipient).delete()
    Flood.objects.filter(recipient=recipient).delete()
