"""The models that make pictures as PiAPI's documentation has them: what they take, what they cost, what they deliver.

The contract names no prices; these are this service's own, told in `usage` as PiAPI tells its.
"""

import base64
import hashlib
import io
from typing import Any

FLUX = {"Qubico/flux1-schnell", "Qubico/flux1-dev"}
TOOLKIT = "Qubico/image-toolkit"
PIXELS_MOST = 1_048_576
UNITS_PER_PICTURE = 20_000
UNITS_PER_MEGAPIXEL = 10_000


def makes_pictures(payload: dict[str, Any]) -> bool:
    return payload.get("model") in {*FLUX, TOOLKIT}


def refusal(payload: dict[str, Any]) -> str:
    """Why a task is refused, "" where it is taken."""
    inputs = payload.get("input", {})
    if payload["model"] == TOOLKIT:
        if payload.get("task_type") != "background-remove":
            return "unknown task type"
        return "" if inputs.get("image") else "image is required"
    if payload.get("task_type") != "txt2img":
        return "unknown task type"
    if not inputs.get("prompt"):
        return "prompt is required"
    if inputs.get("width", 1024) * inputs.get("height", 1024) > PIXELS_MOST:
        return "width*height cannot exceed 1048576"
    if not 1.5 <= inputs.get("guidance_scale", 3.5) <= 5:
        return "guidance_scale must be between 1.5 and 5"
    most = 4 if payload["model"] == "Qubico/flux1-schnell" else 1
    return "" if inputs.get("batch_size", 1) in range(1, most + 1) else f"batch_size must be between 1 and {most}"


def units(payload: dict[str, Any], upload: str) -> int:
    """What a task costs, in PiAPI's units."""
    if payload["model"] in FLUX:
        return UNITS_PER_PICTURE * payload["input"].get("batch_size", 1)
    width, height = _sent(payload, upload).size
    return round(UNITS_PER_MEGAPIXEL * width * height / 1e6)


def output(payload: dict[str, Any], address: str) -> dict[str, Any]:
    """The `output` of a task that is done; its pictures are at `address`, a number and the ending."""
    count = payload["input"].get("batch_size", 1)
    urls = [f"{address}-{number}.png" for number in range(count)]
    return {"image_url": urls[0]} if count == 1 else {"image_url": "", "image_urls": urls}


NEARLY = 60
"""Of the sum over red, green and blue, of 255 each."""


def picture(payload: dict[str, Any], number: int, upload: str) -> bytes:
    """One of the pictures, as a PNG file."""
    image = _cut_out(_sent(payload, upload)) if payload["model"] == TOOLKIT else _drawn(payload["input"], number)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def _sent(payload: dict[str, Any], upload: str) -> Any:
    from PIL import Image

    sent = payload["input"]["image"]
    sent = upload if sent.startswith("http") else sent
    return Image.open(io.BytesIO(base64.b64decode(sent.split(",", 1)[-1]))).convert("RGBA")


def _cut_out(image: Any) -> Any:
    """All that has nearly the colour of a corner becomes transparent."""
    from PIL import Image, ImageChops

    colours = image.convert("RGB")
    right, top = image.width - 1, image.height - 1
    for corner in ((0, 0), (right, 0), (0, top), (right, top)):
        plain = Image.new("RGB", image.size, colours.getpixel(corner))
        red, green, blue = ImageChops.difference(colours, plain).split()
        distance = ImageChops.add(ImageChops.add(red, green), blue)
        image.paste((0, 0, 0, 0), mask=distance.point([255 * (total < NEARLY) for total in range(256)]))
    return image


def _drawn(inputs: dict[str, Any], number: int) -> Any:
    """A jar on white; another one for each prompt and number."""
    from PIL import Image, ImageDraw

    width, height = inputs.get("width", 1024), inputs.get("height", 1024)
    chance = hashlib.sha256(f"{inputs['prompt']} {number}".encode()).digest()
    colour, lid = tuple(chance[:3]), tuple(byte // 2 for byte in chance[3:6])
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    slim = 0.30 + 0.10 * chance[6] / 255
    draw.ellipse((width * slim, height * 0.35, width * (1 - slim), height * 0.85), fill=colour)
    draw.ellipse((width * (slim + 0.06), height * 0.42, width * (slim + 0.16), height * 0.55), fill="#f8f8f8")
    draw.rectangle((width * 0.42, height * 0.2, width * 0.58, height * 0.4), fill=lid)
    return image
