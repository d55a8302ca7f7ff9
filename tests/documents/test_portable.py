"""The same stories where the organization's rows are in an SQLite of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from byoc.databases import alias_of
from byoc.models import Endpoint
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.models import Isolation
from tenants.services.placing import places, preparing
from tests.documents import test_store as stories
from tests.documents.conftest import Desk
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db

TOLD_AGAIN = [
    stories.test_a_document_is_read_just_as_it_was_written,
    stories.test_the_longest_document_is_kept_and_one_letter_more_is_not,
    stories.test_who_did_not_see_the_latest_version_is_told_and_overwrites_nothing,
    stories.test_a_folder_lists_names_as_people_sort_them,
    stories.test_a_search_finds_every_word_in_name_or_text,
    stories.test_what_is_in_the_trash_is_out_of_sight_and_can_come_back,
    stories.test_usage_counts_every_version_and_the_trash,
    stories.test_everything_is_copied_out_and_put_back_just_as_it_was,
]


@pytest.fixture
def desk(left: World, settings: Any, tmp_path: Any) -> Iterator[Desk]:
    """It lives in a file of its own from now on."""
    settings.HUMANA_HOME = tmp_path
    organization = left.organization
    endpoint = Endpoint(organization=organization, kind=Endpoint.Kind.DATABASE, type="sqlite", name="File")
    with use_tenant(organization.context):
        endpoint.save(force_insert=True)
    place = places.own_placement(
        organization=organization, isolation=Isolation.DATABASE, database=alias_of(endpoint)
    )
    preparing.make_schema(place, organization)
    organization.placement = place
    organization.save()
    yield Desk(left)
    aliases.forget_all()


def test_documents_are_the_same_in_a_file_of_its_own(desk: Desk) -> None:
    for story in TOLD_AGAIN:
        story(desk)
        assert desk.do(lambda store: store.erase()) > 0
