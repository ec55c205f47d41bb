"""The address that is asked, and what goes along with a task."""

import pytest

from trellis_blender.piapi.errors import AddressUnusable
from trellis_blender.piapi.service import Service, checked_address

IS_NONE = "is no address for the service. It has to look like https://api.piapi.ai."


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("https://api.piapi.ai", "https://api.piapi.ai"),
        (" https://api.piapi.ai/ ", "https://api.piapi.ai"),
        ("https://studio.example:8443/piapi//", "https://studio.example:8443/piapi"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_taken_without_what_pasting_leaves_around_it(address: str, taken: str) -> None:
    assert checked_address(address, "the service") == taken


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("api.piapi.ai", f"“api.piapi.ai” {IS_NONE}"),
        ("", f"“” {IS_NONE}"),
        ("https://", f"“https:” {IS_NONE}"),
        ("https://:443", f"“https://:443” {IS_NONE}"),
        ("ftp://api.piapi.ai", f"“ftp://api.piapi.ai” {IS_NONE}"),
        ("https://api.piapi.ai:0", f"“https://api.piapi.ai:0” {IS_NONE}"),
        ("https://api.piapi.ai:65536", f"“https://api.piapi.ai:65536” {IS_NONE}"),
        ("https://[::1", f"“https://[::1” {IS_NONE}"),
        ("http://[", f"“http://[” {IS_NONE}"),
        (
            "http://api.piapi.ai",
            "the service at api.piapi.ai needs https: the API key is not sent unencrypted.",
        ),
    ],
)
def test_an_address_that_the_key_must_not_go_to_is_refused_in_a_sentence(address: str, sentence: str) -> None:
    with pytest.raises(AddressUnusable) as refused:
        checked_address(address, "the service")
    assert sentence in str(refused.value)


def test_what_a_pipeline_has_set_goes_along_with_each_task() -> None:
    assert Service().task_config() == {}
    hook = Service(webhook_endpoint="https://hook.example/", webhook_secret="hush")
    assert hook.task_config() == {"webhook_config": {"endpoint": "https://hook.example", "secret": "hush"}}
    assert Service(service_mode="private").task_config() == {"service_mode": "private"}
    with pytest.raises(AddressUnusable, match=r"the webhook at hook\.example needs https"):
        Service(webhook_endpoint="http://hook.example").task_config()
