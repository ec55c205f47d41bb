"""Secrets in fields that are no place for them."""

import pytest

from trellis_blender.interface.state.entered import has_secret, why_no_address, why_no_task_id

KEY = "0123456789abcdef" * 4
OTHER_KEY = "fedcba9876543210" * 4
SECRET = "hook secret/7"


def refused(text: str, *, may_have_token: bool = False) -> str:
    return why_no_address(text, (KEY, SECRET), "the service", may_have_token=may_have_token)


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"  {KEY}\n",
        KEY.upper(),
        OTHER_KEY,
        f"https://api.piapi.ai/{KEY}",
        f"https://api.piapi.ai/?key={OTHER_KEY}",
        f"https://{KEY}.example.com",
        "https://api.piapi.ai/hook%20secret%2F7",
        "https://api.piapi.ai/hook%2520secret%252F7",
        "sk-abcdefghijklmnopqrstuvwxyz0123456789",
    ],
)
def test_a_key_is_no_address(text: str) -> None:
    said = refused(text)
    assert "There is a key in the address of the service" in said
    assert KEY[:8] not in said.casefold()


@pytest.mark.parametrize(
    "text",
    [
        "https://anna:pass@hooks.example.com/x",
        "https://anna@hooks.example.com",
        "https://:pass@hooks.example.com",
        "https://anna:pa%40ss@hooks.example.com",
        "HTTPS://anna:pass@hooks.example.com?x#y",
        "https://good.example.com\\@bad.example.com/",
        "anna:pass@hooks.example.com",
        "//anna:pass@hooks.example.com",
    ],
)
@pytest.mark.parametrize("may_have_token", [True, False])
def test_a_name_and_a_password_are_no_part_of_it(text: str, may_have_token: bool) -> None:
    said = refused(text, may_have_token=may_have_token)
    assert "There is a name or password in the address of the service" in said
    assert "pass@" not in said
    assert "anna" not in said


@pytest.mark.parametrize(
    "text",
    [
        "https://api.piapi.ai",
        "http://localhost:8080/",
        "http://[::1]:8080",
        "https://studio-render-farm-with-a-very-long-name.example.com/api",
        "https://example.com/@anna/x?mail=a@b.c",
    ],
)
def test_addresses_are_left_alone(text: str) -> None:
    assert refused(text) == ""


def test_a_webhook_may_have_a_token_of_its_own() -> None:
    assert refused(f"https://hooks.example.com/{OTHER_KEY}", may_have_token=True) == ""
    assert refused(f"https://hooks.example.com/{KEY}", may_have_token=True)


@pytest.mark.parametrize("text", ["97cb9075-5e9f-4b5a-9d0e-0c4f5a3b2c1d", "t1", "task_7:2", "a" * 32])
def test_task_ids(text: str) -> None:
    assert why_no_task_id(text, (KEY, SECRET)) == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (KEY, "That is a key"),
        (OTHER_KEY.upper(), "That is a key"),
        (f"x{KEY}", "That is a key"),
        ("https://piapi.ai/tasks/7", "That is not a task id"),
        ("a b", "That is not a task id"),
        ("../../account/info", "That is not a task id"),
        ("x" * 101, "That is not a task id"),
        ("é", "That is not a task id"),
    ],
)
def test_what_is_no_task_id(text: str, sentence: str) -> None:
    said = why_no_task_id(text, (KEY, SECRET))
    assert said.startswith(sentence)
    assert text not in said


def test_short_secrets_and_none_are_found_nowhere() -> None:
    assert not has_secret("a bear with a key", ("", "key"))
