"""Drives a stand-in Autotask with django-autotask and prints what it got as JSON.

Usage: python drive_django_autotask.py <origin> <user> <secret> <code>

A script of its own because the client needs a Django of its own, with its own settings.
"""

from __future__ import annotations

import json
import sys

import django
from django.conf import settings

ORIGIN, USER, SECRET, CODE = sys.argv[1:5]

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djautotask"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    SECRET_KEY="only for this run",
    USE_TZ=True,
    LOGGING_CONFIG=None,
    AUTOTASK_SERVER_URL=f"{ORIGIN}/ATServicesRest/",
    AUTOTASK_CREDENTIALS={
        "username": USER,
        "password": SECRET,
        "integration_code": CODE,
        "rest_api_version": "1.0",
    },
    DJAUTOTASK_CONF_CALLABLE=lambda: {"max_attempts": 1, "timeout": 10.0},
)
django.setup()

from django.core.management import call_command  # noqa: E402
from djautotask import api, models, sync  # noqa: E402


def outcome(call: object) -> str:
    """The name of what it raises, or ``fine``."""
    try:
        call()  # type: ignore[operator]
    except api.AutotaskAPIError as error:
        return type(error).__name__
    return "fine"


def main() -> None:
    seen: dict[str, object] = {"zone_url": api.get_zone_info(USER)["url"]}

    client = api.AccountsAPIClient()
    client.add_condition(api.ApiCondition(op="gte", field="id", value="0"))
    pages, url = [], None
    while True:
        page = client.get(url, page_size=500)
        pages.append(len(page["items"]))
        url = page["pageDetails"]["nextPageUrl"]
        if not url:
            break
    seen["company_pages"], seen["companies"] = pages, sum(pages)
    seen["count"] = client.fetch_resource(record_count=True)["queryCount"]

    contracts = api.ContractsAPIClient()
    contracts.add_condition(api.ApiCondition(op="eq", field="contractType", value=7))
    seen["contract"] = contracts.get(None)["items"][0]["id"]
    seen["missing"] = outcome(lambda: contracts.get_single(1999999999))
    seen["picklist"] = api.AccountTypesAPIClient().get(None)["fields"] != []

    call_command("migrate", verbosity=0)
    for synchronizer in (
        sync.AccountTypeSynchronizer,
        sync.AccountSynchronizer,
        sync.ContractSynchronizer,
    ):
        synchronizer(full=True).sync()
    seen["synced_companies"] = models.Account.objects.count()
    seen["synced_contracts"] = models.Contract.objects.count()

    # It leaves the value out of "isActive equals false", and its makers see that work.
    seen["resources"] = outcome(lambda: sync.ResourceSynchronizer(full=True).sync())

    wrong = api.ContractsAPIClient(password="wrong")
    wrong.add_condition(api.ApiCondition(op="gte", field="id", value="0"))
    seen["wrong_secret"] = outcome(lambda: wrong.get(None))
    try:
        api.get_zone_info("nobody@example.test")
        seen["wrong_user"] = ""
    except api.AutotaskAPIError as error:
        seen["wrong_user"] = str(error)
    print(json.dumps(seen))


main()
