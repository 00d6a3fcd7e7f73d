"""Pictures: measured before they are decoded, upright, small, and without what cameras note (R2)."""

import io

import pytest
from PIL import Image

from services.ingest.extract.pictures import THUMBNAIL_PIXELS, VIEW_PIXELS
from services.ingest.extract.readers import read
from services.ingest.extract.source import Source
from tests.support.pictures import enormous_png, picture
from tokenline.contracts.attachments import PictureInfo
from tokenline.contracts.errors import Corrupted, TooComplex


def looked_at(data):
    return read(Source(data, "holiday.pdf"))


def is_red(image, x, y):
    pixel = image.convert("RGB").getpixel((x, y))
    return pixel[0] > 150 > pixel[2]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_each_kind_is_known_by_its_content(kind):
    found = looked_at(picture(kind, (1200, 600)))
    assert found.text.mime_type == f"image/{kind.lower()}"
    assert found.text.text == ""
    assert found.picture == PictureInfo(width=1200, height=600, thumbnail=True, view=True)
    small = Image.open(io.BytesIO(found.thumbnail or b""))
    assert (small.format, small.size) == ("WEBP", (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS // 2))
    view = Image.open(io.BytesIO(found.view or b""))
    assert (view.format, view.size) == ("JPEG", (1200, 600))
    assert is_red(view, 50, 50)
    assert not is_red(view, 1150, 50)
    assert is_red(small, 50, 50)
    assert not is_red(small, 460, 50)


def test_it_is_turned_as_the_camera_said_and_its_notes_are_gone():
    data = picture("JPEG", (1000, 500), orientation=6)
    assert b"52.5200 N" in data
    found = looked_at(data)
    assert found.picture == PictureInfo(width=500, height=1000, thumbnail=True, view=True)
    for made, size in ((found.thumbnail or b"", (256, 512)), (found.view or b"", (500, 1000))):
        image = Image.open(io.BytesIO(made))
        assert image.size == size
        assert not image.getexif()
        assert b"52.5200" not in made
        assert is_red(image, 100, 50)  # what was left is on top
        assert not is_red(image, 100, size[1] - 52)


def test_models_are_shown_no_more_than_they_look_at():
    view = Image.open(io.BytesIO(looked_at(picture("JPEG", (4000, 1000))).view or b""))
    assert view.size == (VIEW_PIXELS, VIEW_PIXELS // 4)


def test_only_the_first_frame_counts():
    assert looked_at(picture("GIF", frames=3)).picture == PictureInfo(width=60, height=40, thumbnail=True, view=True)


def test_clear_pictures_stay_clear():
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    found = looked_at(out.getvalue())
    assert Image.open(io.BytesIO(found.thumbnail or b"")).mode == "RGBA"
    assert Image.open(io.BytesIO(found.view or b"")).getpixel((5, 5)) == (255, 255, 255)


def test_a_picture_too_large_to_decode_is_refused_by_its_size(monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(TooComplex, match="million pixels"):
        looked_at(enormous_png())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_half_a_picture(kind):
    with pytest.raises(Corrupted, match="damaged"):
        looked_at(picture(kind, (600, 400))[:200])
