"""The pottery's answers as the add-on knows tasks, over the connections that switching off breaks off."""

from collections.abc import Mapping
from typing import Any

from trellis_blender.generation.providers import Hooks
from trellis_blender.piapi.account import Account
from trellis_blender.piapi.answers import Status, Task
from trellis_blender.piapi.errors import AnswerNotUnderstood, RequestRefused
from trellis_blender.piapi.http.adapter import Session
from trellis_blender.piapi.http.bounded_json import read_json
from trellis_blender.piapi.http.transport import ask, read_limited
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.statuses import error_for

STEPS = {"in line": Status.PENDING, "turning": Status.PROCESSING, "fired": Status.COMPLETED, "broken": Status.FAILED}
ANSWER_LIMIT_BYTES = 64 * 1024


class PotteryClient:
    """One conversation. It keeps no list of its pots, so what was lost cannot be looked for."""

    def __init__(self, service: Service, hooks: Hooks) -> None:
        self._service, self._hooks = service, hooks
        self._session = Session(hooks.connections)

    def create_task(
        self, model: str, task_type: str, inputs: Mapping[str, object], config: Mapping[str, object] | None = None
    ) -> Task:
        words = str(inputs.get("prompt", ""))
        order = {"tool": model.rpartition("/")[2], "kind": task_type, "words": words, "turns": inputs["turns"]}
        return _task(self._ask("POST", "/pots", {**order, "notes": dict(config or {})}))

    def get_task(self, task_id: str) -> Task:
        return _task(self._ask("GET", f"/pots/{task_id}"))

    def cancel_task(self, task_id: str) -> None:
        raise RequestRefused(f"a pot on the wheel stays there ({task_id})")

    def get_account(self) -> Account:
        raise AnswerNotUnderstood("the pottery has no accounts")

    def close(self) -> None:
        self._session.close()

    def _ask(self, method: str, path: str, order: dict[str, Any] | None = None) -> dict[str, Any]:
        self._hooks.wait_turn()
        headers = {"Authorization": f"Token {self._service.api_key}"}
        with self._hooks.connections.within(self._hooks.timings.answer_limit_s):
            url = f"{self._service.api_url}{path}"
            response = ask(
                self._hooks.connections,
                self._session,
                method,
                url,
                json=order,
                headers=headers,
                limits=self._service.limits,
            )
            with response:
                content = read_limited(self._hooks.connections, response, ANSWER_LIMIT_BYTES)
        if response.status_code >= 300:
            raise error_for(response.status_code, content.decode("utf-8", "replace"))
        return dict(read_json(content))


def _task(answer: dict[str, Any]) -> Task:
    cents = answer.get("cents")
    return Task(
        task_id=str(answer["pot"]),
        status=STEPS[answer["step"]],
        model_url=answer.get("take it from", ""),
        error_message=answer.get("why", ""),
        charged_usd=None if cents is None else cents / 100,
    )
