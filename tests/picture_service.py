"""The models that make pictures as PiAPI's documentation has them: what they take, what they cost, what they deliver.

What the contract names no price of has one of this service's own, told in `usage` as PiAPI tells its.
"""

import base64
import hashlib
import io
from typing import Any

FLUX = {"Qubico/flux1-schnell", "Qubico/flux1-dev"}
Z_IMAGE = "Qubico/z-image"
TOOLKIT = "Qubico/image-toolkit"
PIXELS_MOST = 1_048_576
UNITS_PER_PICTURE = 20_000
UNITS_PER_Z_IMAGE = 40_000
"""Of 1024 × 1024 pixels, as documented."""
UNITS_PER_BACKGROUND = 10_000
UNITS_PER_MEGAPIXEL = {"upscale": 10_000, "segment": 100_000}
"""Of what comes out, and of what is sent; less than a megapixel counts as one."""


def makes_pictures(payload: dict[str, Any]) -> bool:
    return payload.get("model") in {*FLUX, Z_IMAGE, TOOLKIT}


def refusal(payload: dict[str, Any]) -> str:
    """Why a task is refused, "" where it is taken."""
    inputs = payload.get("input", {})
    if payload["model"] == TOOLKIT:
        return _toolkit_refusal(payload.get("task_type"), inputs)
    if payload.get("task_type") != "txt2img":
        return "unknown task type"
    if not inputs.get("prompt"):
        return "prompt is required"
    if inputs.get("width", 1024) * inputs.get("height", 1024) > PIXELS_MOST:
        return "width*height cannot exceed 1048576"
    if payload["model"] == Z_IMAGE:
        return "" if inputs.get("batch_size", 1) in range(1, 5) else "batch_size must be between 1 and 4"
    if not 1.5 <= inputs.get("guidance_scale", 3.5) <= 5:
        return "guidance_scale must be between 1.5 and 5"
    most = 4 if payload["model"] == "Qubico/flux1-schnell" else 1
    return "" if inputs.get("batch_size", 1) in range(1, most + 1) else f"batch_size must be between 1 and {most}"


def units(payload: dict[str, Any], upload: str) -> int:
    """What a task costs, in PiAPI's units."""
    if payload["model"] == Z_IMAGE:
        return UNITS_PER_Z_IMAGE * payload["input"].get("batch_size", 1)
    if payload["model"] in FLUX:
        return UNITS_PER_PICTURE * payload["input"].get("batch_size", 1)
    if payload["task_type"] == "background-remove":
        return UNITS_PER_BACKGROUND
    width, height = _sent(payload, upload).size
    pixels = width * height * payload["input"].get("scale", 1) ** 2
    return round(UNITS_PER_MEGAPIXEL[payload["task_type"]] * max(pixels / 1e6, 1.0))


def _toolkit_refusal(task_type: Any, inputs: dict[str, Any]) -> str:
    required = {"segment": ("image", "prompt", "negative_prompt", "segment_factor"), "upscale": ("image", "scale")}
    if task_type not in {"background-remove", *required}:
        return "unknown task type"
    missing = [name for name in required.get(task_type, ("image",)) if name not in inputs]
    if missing or not inputs["image"]:
        return f"{(missing or ['image'])[0]} is required"
    return "scale must be 2 or 4" if task_type == "upscale" and inputs["scale"] not in {2, 4} else ""


def output(payload: dict[str, Any], address: str) -> dict[str, Any]:
    """The `output` of a task that is done; its pictures are at `address`, a number and the ending."""
    count = payload["input"].get("batch_size", 1)
    urls = [f"{address}-{number}.png" for number in range(count)]
    if payload["task_type"] == "segment":
        # Several, of which the documentation does not say what they are: here a mask, and the cut-out.
        return {"image_urls": [f"{address}-{number}.png" for number in (1, 0)]}
    return (
        {"image_url": urls[0]} if count == 1 and payload["model"] != Z_IMAGE else {"image_url": "", "image_urls": urls}
    )


NEARLY = 60
"""Of the sum over red, green and blue, of 255 each."""


def picture(payload: dict[str, Any], number: int, upload: str) -> bytes:
    """One of the pictures, as a PNG file."""
    if payload["model"] == TOOLKIT:
        image = _made_of(payload, _sent(payload, upload), number)
    else:
        image = _drawn(payload["input"], number)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def _sent(payload: dict[str, Any], upload: str) -> Any:
    from PIL import Image

    sent = payload["input"]["image"]
    sent = upload if sent.startswith("http") else sent
    return Image.open(io.BytesIO(base64.b64decode(sent.split(",", 1)[-1]))).convert("RGBA")


def _made_of(payload: dict[str, Any], image: Any, number: int) -> Any:
    """What a tool makes; of "segment" the cut-out is number 0, the mask number 1."""
    from PIL import Image

    if payload["task_type"] == "upscale":
        scale = payload["input"]["scale"]
        return image.resize((image.width * scale, image.height * scale), Image.Resampling.LANCZOS)
    if payload["task_type"] == "background-remove":
        return _cut_out(image)
    mask = _named(image, payload["input"]["prompt"])
    if number == 1:
        return mask.convert("RGB")
    image.putalpha(mask)
    return image


def _named(image: Any, prompt: str) -> Any:
    """A mask of what has nearly the colour that the prompt names: this service understands no more."""
    from PIL import Image, ImageChops, ImageColor

    found = Image.new("L", image.size, 0)
    for word in prompt.lower().replace(",", " ").split():
        if word in ImageColor.colormap:
            plain = Image.new("RGB", image.size, ImageColor.getrgb(word))
            red, green, blue = ImageChops.difference(image.convert("RGB"), plain).split()
            far = ImageChops.add(ImageChops.add(red, green), blue)
            found = ImageChops.lighter(found, far.point([255 * (total < 4 * NEARLY) for total in range(256)]))
    return found


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
