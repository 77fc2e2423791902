"""A price list between its preview and its import: kept for the person who showed it."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any

from django.db import transaction
from django.db.models import Q

from tallystick.catalog.price_asked import By, require_csp
from tallystick.catalog.price_models import PriceUpload
from tallystick.identity.roles import Right
from tallystick.kit.problem import NotFound

KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """``asked``: what was chosen beside the file."""

    name: str
    asked: Mapping[str, Any]
    content: IO[bytes]


def keep_upload(name: str, asked: Mapping[str, Any], content: bytes, *, by: By) -> int:
    """Answer its id. What this person showed before, and what is old, goes. Raises NotAllowed."""
    require_csp(by.context, Right.OPERATE)
    with transaction.atomic():
        mine = Q(actor_ref=by.context.actor.ref[:60]) | Q(recorded_at__lt=by.now - KEPT_FOR)
        PriceUpload.objects.filter(mine, tenant_id=by.context.tenant_id).delete()
        row = PriceUpload.objects.create(
            tenant_id=by.context.tenant_id,
            actor_ref=by.context.actor.ref[:60],
            name=name,
            asked=dict(asked),
            content=zlib.compress(content),
            recorded_at=by.now,
        )
    return row.pk


def kept_upload(upload_id: int, *, by: By) -> Kept:
    """Raises NotAllowed, NotFound: it is kept for a day, for its own person only."""
    require_csp(by.context, Right.OPERATE)
    row = PriceUpload.objects.filter(
        tenant_id=by.context.tenant_id, actor_ref=by.context.actor.ref[:60], pk=upload_id
    ).first()
    if row is None:
        raise NotFound("This file is not kept any more. Nothing was imported; choose it again.")
    return Kept(row.name, row.asked, io.BytesIO(zlib.decompress(bytes(row.content))))


def forget_upload(upload_id: int, *, by: By) -> None:
    PriceUpload.objects.filter(tenant_id=by.context.tenant_id, pk=upload_id).delete()
