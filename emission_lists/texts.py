"""Every text a finding can carry, by code."""

from __future__ import annotations

from emission_lists.check_sheet_texts import SHEET_CHECK_TEXTS
from emission_lists.check_texts import CHECK_TEXTS
from emission_lists.check_texts_guides import GUIDE_CHECK_TEXTS
from emission_lists.import_texts import IMPORT_TEXTS, Texts
from emission_lists.sheets.texts import SHEET_TEXTS

TEXTS: dict[str, Texts] = {**IMPORT_TEXTS, **SHEET_TEXTS, **CHECK_TEXTS, **GUIDE_CHECK_TEXTS, **SHEET_CHECK_TEXTS}
