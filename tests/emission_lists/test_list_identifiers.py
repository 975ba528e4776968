import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.identifiers import (
    USCC_CHARACTERS,
    make_permit,
    make_uscc,
    organisation_check,
    permit_problem,
    permit_valid,
    uscc_check,
    uscc_problem,
    uscc_valid,
)

REAL = ["91350100M000100Y43", "91110000101623741K", "911101066976941872", "91130200699229617X", "91330421739237858X"]
made = st.builds(make_uscc, st.sampled_from(["130202", "110105", "659001"]), st.integers(0, 99_999_999))


class TestUscc:
    @pytest.mark.parametrize("code", REAL)
    def test_codes_of_real_enterprises_are_valid(self, code: str) -> None:
        assert uscc_valid(code)
        assert organisation_check(code[8:16]) == code[16]

    def test_a_published_code_with_a_wrong_check_character_is_not(self) -> None:
        assert uscc_problem("91350211M0000XUF46") == "check"
        assert uscc_check("91350211M0000XUF4") == "R"

    @pytest.mark.parametrize(
        ("code", "problem"),
        [
            ("", "length"),
            ("9113020069922961", "length"),
            ("91130200699229617I", "characters"),
            ("91130200699229617x", "characters"),
            ("9113O200699229617X", "characters"),
            ("９1130200699229617X", "characters"),
        ],
    )
    def test_says_what_is_wrong(self, code: str, problem: str) -> None:
        assert uscc_problem(code) == problem

    @settings(deadline=None)
    @given(made, st.integers(0, 17), st.sampled_from(USCC_CHARACTERS))
    def test_every_change_of_one_character_is_detected(self, code: str, place: int, character: str) -> None:
        changed = code[:place] + character + code[place + 1 :]
        assert uscc_valid(changed) is (changed == code)

    @settings(deadline=None)
    @given(st.text(max_size=24))
    def test_no_text_raises(self, text: str) -> None:
        assert uscc_valid(text) is (uscc_problem(text) is None)

    @pytest.mark.parametrize("text", ["", "9" * 16, "9" * 18, "I" * 17])
    def test_the_check_of_something_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="credit code"):
            uscc_check(text)

    def test_an_organisation_code_has_eight_characters(self) -> None:
        with pytest.raises(ValueError, match="organisation code"):
            organisation_check("1234567")


class TestPermit:
    @pytest.mark.parametrize("permit", ["91130200699229617X001P", "91130200699229617X002P", "91330421739237858X001C"])
    def test_published_permits_are_valid(self, permit: str) -> None:
        assert permit_valid(permit)

    @pytest.mark.parametrize(
        ("permit", "problem"),
        [
            ("91130200699229617X01P", "format"),
            ("91130200699229617X001", "format"),
            ("91130200699229617X001p", "format"),
            ("91130200699229618X001P", "check"),
        ],
    )
    def test_says_what_is_wrong(self, permit: str, problem: str) -> None:
        assert permit_problem(permit) == problem

    def test_a_unit_without_a_credit_code_has_no_check_character(self) -> None:
        assert permit_valid("H91302020000000000001P")

    @settings(deadline=None)
    @given(made, st.integers(0, 999))
    def test_made_permits_are_valid(self, code: str, sequence: int) -> None:
        assert permit_valid(make_permit(code, sequence))
