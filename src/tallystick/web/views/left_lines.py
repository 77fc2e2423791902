"""A line that a subscription of another reseller has left is asked again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.kit.problem import Conflicting
from tallystick.mappings.leave import sync_left
from tallystick.web.visit import Visit, screen


@screen("POST")
def left_line(visit: Visit, connection_id: int, lane_id: int) -> HttpResponse:
    """From the list of lines left behind."""
    try:
        sync_left(lane_id, connection_id, **visit.asking(), wake=visit.asked().wake)
    except Conflicting as problem:
        messages.info(visit.request, str(problem))
    else:
        messages.success(visit.request, "Asked again. Autotask is updated in the background.")
    return redirect("subscription-mapping", connection_id=connection_id)
