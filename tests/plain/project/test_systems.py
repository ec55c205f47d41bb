"""What only Windows or macOS would notice, seen in the code: each kind in all of the package."""

import ast
from collections.abc import Iterator
from pathlib import Path

from places import ROOT

PACKAGE = ROOT / "trellis_blender"
STARTS = {"Popen", "run", "call", "check_call", "check_output"}
OTHER_STARTS = {"system", "popen", "startfile", "posix_spawn", "posix_spawnp", "fork", "forkpty"}
SERVERS = ("HTTPServer", "ThreadingHTTPServer", "TCPServer", "ThreadingTCPServer")
NO_WINDOW = "getattr(subprocess, 'CREATE_NO_WINDOW', 0)"


def parsed() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def values_of(tree: ast.Module) -> dict[str, str]:
    """What the names at the top of a module stand for, as code."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.unparse(node.value)
    return found


def calls(tree: ast.AST, module: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(f"{module}."):
            yield node


def test_no_helper_process_opens_a_console_window() -> None:
    """On Windows each would, in front of Blender."""
    started = []
    for path, tree in parsed():
        values = values_of(tree)
        for call in calls(tree, "subprocess"):
            assert isinstance(call.func, ast.Attribute)
            if call.func.attr in STARTS:
                flags = [ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == "creationflags"]
                started.append((path.name, [values.get(flag) for flag in flags]))
    assert {name for name, _ in started} >= {"offline_process.py", "second_blender.py"}
    assert [each for each in started if each[1] != [NO_WINDOW]] == []


def test_processes_are_started_in_one_way_only() -> None:
    """Which is the one that is looked at above."""
    for path, tree in parsed():
        imported: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).partition(".")[0])
                assert node.module != "subprocess", path
        assert "multiprocessing" not in imported, path
        named = {ast.unparse(call.func).rpartition(".")[2] for call in calls(tree, "os")}
        assert not named & OTHER_STARTS, path


def test_no_server_shares_its_address_or_asks_for_the_computers_name() -> None:
    """Windows lets any program listen at an address that may be reused; macOS looks for the name for half a minute."""
    servers = []
    for path, tree in parsed():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SERVERS:
                raise AssertionError(f"{path}: the library's own server")
            bases = (
                [ast.unparse(base).rpartition(".")[2] for base in node.bases] if isinstance(node, ast.ClassDef) else []
            )
            if isinstance(node, ast.ClassDef) and set(bases) & set(SERVERS):
                servers.append(node)
    assert servers
    for server in servers:
        set_there = {ast.unparse(node) for node in server.body}
        assert set_there >= {"allow_reuse_address = False", "allow_reuse_port = False"}
        (bind,) = [node for node in server.body if isinstance(node, ast.FunctionDef) and node.name == "server_bind"]
        called = {ast.unparse(node.func) for node in ast.walk(bind) if isinstance(node, ast.Call)}
        assert "socketserver.TCPServer.server_bind" in called
        assert "super().server_bind" not in called
