# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture from an address on the web that the artist gave. Fetched here, never passed on, and no key goes along."""

from pathlib import Path

from ...piapi import errors
from ...piapi.http.addresses import read_address
from ...piapi.http.connections import Connections
from ...piapi.http.result_file import open_result
from ..files import keep_by_content
from ..problems import NoPicture, PictureNotFetched
from ..worker.job import Job
from ..worker.picture_file import read_picture

FETCH_LIMIT_S = 60.0
"""For all of it: an artist waits no longer for a picture."""
STEM = "Web picture"
"""The file's name, and so the model's. Nothing of it comes from the network."""

_HAPPENED: tuple[tuple[type[errors.PiapiError], str], ...] = (
    (errors.CertificateRefused, "{host} could not prove that it is {host} (its certificate was refused)."),
    (errors.ProxyAway, "{error}"),
    (errors.AddressUnusable, "{error}"),
    (errors.LoginPage, "{error}"),
    (errors.NotSent, "No connection to {host}. Check the address and the network."),
    (
        errors.AddressRefused,
        "Nothing is fetched from this address, or from where it leads: only https:// addresses on the internet are.",
    ),
    (errors.TooManyRequests, "{host} takes no more requests for now. Wait a minute and try again."),
    (errors.Refused, "{host} has nothing at this address, or does not give it out."),
    (errors.NoAnswerInTime, "{host} is too slow, so the download was stopped. Try again, or choose another picture."),
    (errors.ServiceFailing, "{host} has a problem of its own. Try again in a few minutes."),
    (errors.AnswerNotUnderstood, "{host} gave no answer that can be used. Try again, or choose another picture."),
    (errors.PiapiError, "The connection to {host} broke before the picture was complete. Try again."),
)


def fetch_picture(url: str, folder: Path, job: Job, limit_s: float = FETCH_LIMIT_S) -> Path:
    """The file below `folder` that the picture was kept as: the same picture is the same file.

    Over https from the internet only, and from this computer where the job's service is on it as well. Raises
    PictureNotFetched, and another GenerationProblem where it cannot be kept.
    """
    url = url.strip()
    connections = Connections()
    job.cuts_by(connections.cut)
    try:
        with (
            connections.within(limit_s),
            open_result(
                url,
                connections=connections,
                from_this_computer=job.service.is_loopback,
                limits=job.service.limits,
            ) as result,
        ):
            content, ending = read_picture(result.chunks, result.size)
    except errors.PiapiError as error:
        raise PictureNotFetched(_explain(error, url)) from None
    except NoPicture as problem:
        raise PictureNotFetched(
            f"There is no usable picture at this address: {problem.reason}. Copy the address of the picture itself."
        ) from None
    return keep_by_content(folder, f"{STEM}{ending}", content)


def _explain(error: errors.PiapiError, url: str) -> str:
    """PiAPI's errors, said of a server that is not PiAPI."""
    sentence = next(sentence for kind, sentence in _HAPPENED if isinstance(error, kind))
    address = read_address(url)
    return sentence.format(host=address.host if address else "the server", error=error)
