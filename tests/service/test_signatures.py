"""Standard Webhooks signatures: the published vectors, both schemes, several secrets, and what must not verify."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.problems import WrongSignature
from service.kit.signatures import SecretError, check_secret, headers, new_pair, new_secret, sign, verify

ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
STAMP = 1614265330
AT = datetime.fromtimestamp(STAMP, tz=UTC)
BODY = b'{"test": 2432232314}'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="


def given_headers(signature: str, message_id: str = ID, stamp: str = str(STAMP)) -> dict[str, str]:
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}


class TestVectors:
    def test_v1(self) -> None:
        assert sign(SECRET, ID, AT, BODY) == V1
        assert verify([SECRET], given_headers(V1), BODY, AT, 300) == ID

    def test_v1a_verifies_with_the_public_key(self) -> None:
        assert verify([PUBLIC], given_headers(V1A), BODY, AT, 300) == ID

    @pytest.mark.parametrize(
        "signature",
        [
            V1,
            V1A.replace("v1a", "v1"),
            V1A.replace("hnO3", "hnO4"),
            "v1a,",
            "v1a,!!",
            "v1a",
            "v1a," + V1[3:],
        ],
    )
    def test_v1a_refuses(self, signature: str) -> None:
        with pytest.raises(WrongSignature):
            verify([PUBLIC], given_headers(signature), BODY, AT, 300)

    def test_a_body_changed_by_one_byte(self) -> None:
        for secret, signature in ((SECRET, V1), (PUBLIC, V1A)):
            with pytest.raises(WrongSignature):
                verify([secret], given_headers(signature), BODY.replace(b"4", b"5", 1), AT, 300)


class TestBoth:
    @given(st.binary(max_size=300), st.sampled_from(["v1", "v1a"]))
    def test_what_is_signed_verifies_and_nothing_else_does(self, body: bytes, scheme: str) -> None:
        secret, public = (new_secret(),) * 2 if scheme == "v1" else new_pair()
        made = headers([secret], "m", AT, body)
        assert verify([public], made, body, AT, 0) == "m"
        other = new_secret() if scheme == "v1" else new_pair()[1]
        for wrong in (
            ([other], made, body),
            ([public], made | {"webhook-id": "n"}, body),
            ([public], made | {"webhook-timestamp": str(STAMP + 1)}, body),
            ([public], made, body + b" "),
        ):
            with pytest.raises(WrongSignature):
                verify(*wrong, AT, 5)

    def test_several_signatures_and_several_secrets(self) -> None:
        old, new = new_secret(), new_secret()
        pair, public = new_pair()
        made = headers([new, old, pair], "m", AT, BODY)
        assert len(made["webhook-signature"].split(" ")) == 3
        for secret in (old, new, public):
            assert verify([new_secret(), secret], made, BODY, AT, 0) == "m"

    @pytest.mark.parametrize(("seconds", "accepted"), [(300, True), (-300, True), (301, False), (-301, False)])
    def test_tolerance_both_ways(self, seconds: int, accepted: bool) -> None:
        now = AT + timedelta(seconds=seconds)
        if accepted:
            assert verify([SECRET], given_headers(V1), BODY, now, 300) == ID
        else:
            with pytest.raises(WrongSignature, match="300 s"):
                verify([SECRET], given_headers(V1), BODY, now, 300)


class TestSecrets:
    def test_may_verify(self) -> None:
        for secret in (SECRET, PUBLIC, new_secret(), new_pair()[1]):
            check_secret(secret)

    @pytest.mark.parametrize(
        "secret", ["", "whsec_", "whsec_short", "whsec_????", "whpk_", "whpk_" + "A" * 40, "whpk_?", "whsec_" + "A" * 200]
    )
    def test_may_not(self, secret: str) -> None:
        with pytest.raises(SecretError):
            check_secret(secret)

    def test_halves_that_do_not_belong_together(self) -> None:
        one, other = new_pair()[0], new_pair()[0]
        mixed = base64.b64decode(one[5:])[:32] + base64.b64decode(other[5:])[32:]
        with pytest.raises(SecretError, match="halves"):
            sign("whsk_" + base64.b64encode(mixed).decode(), "m", AT, BODY)
