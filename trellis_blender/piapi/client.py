# SPDX-License-Identifier: GPL-3.0-or-later
"""PiAPI's tasks and account over HTTP.

Endpoints: `POST`, `GET` and `DELETE /api/v1/task`, `GET /account/info`, the key in the header `x-api-key`.
A create goes out once: PiAPI has no idempotency key, so it is repeated only where it surely never reached the service.
"""

import random
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from .account import Account, read_account, read_upload
from .answers import Task, names_task, read_message, read_task
from .clock import ServiceClock
from .errors import (
    AddressUnusable,
    AnswerNotUnderstood,
    LoginPage,
    NotOnPlan,
    NotSent,
    NoUploads,
    PiapiError,
    RequestRefused,
    ServiceFailing,
    TooManyRequests,
    Unclear,
)
from .fields import changed
from .http.adapter import Session
from .http.addresses import checked_address
from .http.bounded_json import read_json
from .http.connections import Connections
from .http.retries import RETRIES, read_retry_after, retry_delay_s
from .http.transport import ask, read_limited
from .redaction import without
from .service import Service
from .statuses import LOGIN_STATUS, MOVED, error_for
from .task_lists import ListedTask, TaskPage, read_active_tasks, read_history, read_listed
from .timings import USUAL_TIMINGS, Timings

ANSWER_LIMIT_BYTES = 40 * 1024 * 1024
"""A task's answer with its whole console log is some 20 KB. It may repeat the pictures: six of nothing but noise are
34 MB."""

SECRET_LENGTH_MIN = 8
"""A shorter webhook secret is a word that answers are made of."""
NOT_SAID = frozenset(
    {"status", "task_id", "model", "task_type", "model_file", "image_url", "image_urls", "url", "image", "images"}
)
"""What is read as it came, so that a secret of such words changes nothing. Pictures have megabytes."""
SAID_LIMIT = 128 * 1024
"""Characters of any other text of an answer that are read, twice as many as anything is made of."""
SAID_IN_ALL_LIMIT = 1024 * 1024
"""Characters of all of them together: to look for secrets in so many takes a second."""

SAFE_TO_REPEAT = (NotSent, Unclear, TooManyRequests)
"""For everything but a create."""

Answer = TypeVar("Answer")


class Exchange(NamedTuple):
    """One request and what came back: `sent` is the body, None for none. There may be secrets in all of it."""

    method: str
    path: str
    sent: object
    status: int
    headers: Mapping[str, str]
    content: bytes


class Client:
    """One conversation with a PiAPI-shaped service. Not for two threads at once.

    `wait_turn` is called before every request (the keeper of the rate limit sits there), `pause` waits between retries;
    both may raise to break off. `slow_down` gets the seconds for which no request should be sent. `witness` is shown
    every answer that came. Over `connections` another thread can break off what is under way.
    """

    def __init__(
        self,
        service: Service,
        *,
        wait_turn: Callable[[], None] = lambda: None,
        pause: Callable[[float], None] = time.sleep,
        slow_down: Callable[[float], None] = lambda _: None,
        witness: Callable[[Exchange], None] | None = None,
        connections: Connections | None = None,
        timings: Timings = USUAL_TIMINGS,
    ) -> None:
        """Raises AddressUnusable for an address that the key must not be sent to, and for a key no header can hold."""
        self._api_url = checked_address(service.api_url, "PiAPI")
        self._upload_url = service.upload_url
        self._key = service.api_key.strip()
        if not self._key.isascii() or not self._key.isprintable():
            raise AddressUnusable("The API key has characters that no PiAPI key has. Copy it again from piapi.ai.")
        self._wait_turn = wait_turn
        self._pause = pause
        self._slow_down = slow_down
        self._witness = witness
        self._limits = service.limits
        self.clock = ServiceClock()
        """What time it is at the service, as its answers say."""
        self._chance = random.Random()
        self.timings = timings
        self._retry_after_s: float | None = None
        self._said = 0
        secrets = {self._key: "(your key)", service.webhook_secret: "(your webhook secret)"}
        self._secrets = {secret: said for secret, said in secrets.items() if len(secret) >= SECRET_LENGTH_MIN}
        self._connections = connections or Connections()
        self._session = Session(self._connections)

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def create_task(
        self, model: str, task_type: str, inputs: Mapping[str, object], config: Mapping[str, object] | None = None
    ) -> Task:
        """Submits a task, which costs money once it is accepted. Repeated only after NotSent.

        Raises NotSent and Refused where surely no task was made, Unclear where that is unknown.
        """
        body: dict[str, Any] = {
            "model": model,
            "task_type": task_type,
            "input": dict(inputs),
            "config": dict(config or {}),
        }

        def submit() -> Task:
            # A kept connection that the service has just closed fails as if the answer had been lost: take a new one.
            self._session.close()
            # What names a task is no refusal, whatever its status: the task is there, and may be paid.
            return read_task(self._ask("POST", f"{self._api_url}/api/v1/task", body, is_fine=names_task))

        return self._repeated(submit, (NotSent,))

    def get_task(self, task_id: str) -> Task:
        """The task as it stands now."""
        return self._repeated(lambda: read_task(self._ask("GET", self._task_url(task_id)), task_id))

    def cancel_task(self, task_id: str) -> None:
        """Asks the service to drop a task that is still pending; a later `get_task` says whether it did.

        Any answer is final: it is asked again only where the request surely did not arrive.
        """
        ask = partial(self._ask, "DELETE", self._task_url(task_id), may_be_empty=True)
        self._repeated(ask, (NotSent, TooManyRequests))

    def get_account(self) -> Account:
        """Name, plan, balance and limits of the account."""
        return self._repeated(lambda: read_account(self._ask("GET", f"{self._api_url}/account/info")))

    def find_task(self, task_id: str) -> ListedTask:
        """A task with what it was made from."""
        return self._repeated(lambda: read_listed(self._ask("GET", self._task_url(task_id)), task_id))

    def get_active_tasks(self) -> list[ListedTask]:
        """The account's tasks that are not done yet, of those families of models that PiAPI tells of."""
        return self._repeated(lambda: read_active_tasks(self._ask("GET", f"{self._api_url}/account/active_tasks")))

    def get_history(self, since: float, until: float, page: int = 1) -> TaskPage:
        """One page, of at most 100, of the account's tasks of all models between two times (Unix seconds).

        PiAPI's filter by model is left out: a word that it does not know looks like an account without tasks.
        """
        times = {"start_time": max(int(since), 0), "end_time": max(int(until) + 1, 0)}
        query = urlencode({"page": page, "page_size": self.timings.history_page_size, **times})
        return self._repeated(
            lambda: read_history(self._ask("GET", f"{self._api_url}/api/open/tasks/histories?{query}"))
        )

    def upload_image(self, file_name: str, data: str) -> str:
        """Puts an image (base64 or a data URI, at most 10 MB) onto PiAPI's ephemeral storage; its URL, good for 24 h.

        Not on the free plan (NoUploads).
        """
        body = {"file_name": file_name, "file_data": data}
        host = checked_address(self._upload_url, "PiAPI's upload host")
        try:
            answer = self._repeated(lambda: self._ask("POST", f"{host}/api/ephemeral_resource", body))
        except NotOnPlan as error:
            raise NoUploads(error.detail) from None
        return read_upload(answer)

    def _task_url(self, task_id: str) -> str:
        return f"{self._api_url}/api/v1/task/{quote(task_id, safe='')}"

    def _repeated(self, ask: Callable[[], Answer], repeatable: tuple[type[PiapiError], ...] = SAFE_TO_REPEAT) -> Answer:
        attempt = 0
        while True:
            try:
                return ask()
            except PiapiError as error:
                if error.retry_after_s is None:
                    error.retry_after_s = self._retry_after_s
                delay_s = retry_delay_s(attempt, error.retry_after_s, self._chance, self.timings)
                # Whatever else was answered, and whether it is asked again or not.
                if isinstance(error, TooManyRequests) or error.retry_after_s is not None:
                    self._slow_down(delay_s)
                # Whoever has to log in first has not done so a moment later.
                is_final = isinstance(error, (AddressUnusable, LoginPage)) or not isinstance(error, repeatable)
                if is_final or attempt == RETRIES:
                    raise
                self._pause(delay_s)
                attempt += 1

    def _ask(
        self,
        method: str,
        url: str,
        body: dict[str, Any] | None = None,
        *,
        is_fine: Callable[[object], bool] = lambda _: False,
        may_be_empty: bool = False,
    ) -> object:
        """The answer. `is_fine` says of one with the status of an error that it is none; `may_be_empty`: a status that
        says that it was done is enough."""
        self._retry_after_s = None
        self._wait_turn()
        headers = {"x-api-key": self._key, "Accept": "application/json"}
        with self._connections.within(self.timings.answer_limit_s):
            response = ask(
                self._connections, self._session, method, url, json=body, headers=headers, limits=self._limits
            )
            with response:
                # What a redirect says beside its address is nothing to be read.
                is_redirect = 300 <= response.status_code < 400
                content = b"" if is_redirect else read_limited(self._connections, response, ANSWER_LIMIT_BYTES)
        self.clock.set_from(response.headers.get("Date"))
        if self._witness is not None:
            path = urlsplit(url)._replace(scheme="", netloc="").geturl()
            self._witness(Exchange(method, path, body, response.status_code, response.headers, content))
        self._said = 0
        try:
            answer = changed(read_json(content), self._said_without_secrets)
        except ValueError:
            answer = None
        now = self.clock.now() or time.time()
        self._retry_after_s = read_retry_after(response.headers.get("Retry-After"), now)
        if response.status_code // 100 != 2 and not is_fine(answer):
            if is_redirect and body is not None and response.status_code not in MOVED:
                raise AnswerNotUnderstood("a redirect")
            if response.status_code == 400 and body is None:
                raise RequestRefused(read_message(answer))
            if response.status_code == LOGIN_STATUS and answer is not None:
                raise ServiceFailing(read_message(answer))  # a log-in page is no JSON
            raise error_for(response.status_code, read_message(answer), self._retry_after_s)
        if answer is None and not (may_be_empty and content.strip() in {b"", b"null"}):
            raise AnswerNotUnderstood
        return answer

    def _said_without_secrets(self, value: object, name: str) -> object:
        """What a field of an answer says: a service that repeats the key in its message must not get it into an error,
        a file or a log. What is acted on and not said stays as it came."""
        if isinstance(value, str) and name not in NOT_SAID:
            limit = min(SAID_LIMIT, SAID_IN_ALL_LIMIT - self._said)
            self._said += min(len(value), limit)
            for secret, stand_in in self._secrets.items():
                value = without(value, [secret], stand_in, limit)
        return value
