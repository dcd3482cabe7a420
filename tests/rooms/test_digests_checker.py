"""Every language, and four of them in three sizes, through the shared checker, strictly; SpamAssassin on request."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.rooms.test_digests_samples import RECIPIENT, ROOT, TEMPLATES, WHEN, content, sample_sender

from syndicate.digests import compose, stencil
from syndicate.languages import SHIPPED

CHECKER = ROOT.parent / "shared" / "tools" / "eml_check.py"
OTHER = {"en": "ar", "ar": "en", "zh": "ru", "tr": "ar"}
EXTREMES = ("tr", "ru", "ar", "zh")
SPAM = "SYNDICATE_TEST_SPAM"

pytestmark = pytest.mark.skipif(not CHECKER.exists(), reason="../shared/tools/eml_check.py is not here")


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("eml_check", CHECKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def message(language: str, stories: int) -> bytes:
    fallback = OTHER.get(language, "tr") if stories > 1 else ""
    digest = compose(content(language, stories, fallback), TEMPLATES)
    return stencil(digest, sample_sender(language)).message(RECIPIENT, WHEN)


def verdict(checker: ModuleType, folder: Path, raw: bytes, *options: str) -> tuple[int, str]:
    import contextlib
    import io

    path = folder / "message.eml"
    path.write_bytes(raw)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = checker.main(["--strict", "--quiet", "--any-date", *options, str(path)])
    return int(status or 0), said.getvalue()


@pytest.mark.parametrize(
    ("language", "stories"), [(one, 5) for one in SHIPPED] + [(one, n) for one in EXTREMES for n in (1, 25)]
)
def test_no_fault_and_no_warning(checker: ModuleType, tmp_path: Path, language: str, stories: int) -> None:
    status, said = verdict(checker, tmp_path, message(language, stories), "--lang", language)
    assert status == 0, said
    assert " 0 WARN, 0 FAIL" in said


@pytest.mark.skipif(
    not (os.environ.get(SPAM) and shutil.which("spamassassin")),
    reason=f"slow: set {SPAM}=1 and install spamassassin",
)
@pytest.mark.parametrize("language", SHIPPED)
def test_spamassassin_finds_little(checker: ModuleType, tmp_path: Path, language: str) -> None:
    status, said = verdict(checker, tmp_path, message(language, 5), "--spamassassin", "--sa-warn", "1.5")
    assert status == 0, said
