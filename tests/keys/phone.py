"""A phone that seals, in Python: written from docs/encryption.md, so that two readings of it must agree."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient

from app.core.ids import new_id
from app.keys.sealing import point_from, seal_envelope, seal_file, unwrap, wrap
from tests.conftest import PASSWORD, Someone

PROTO = {"X-Sync-Proto": "1", "Sec-Fetch-Site": "same-origin"}


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@dataclass
class SealingPhone:
    """One person's phone after signing in: her data key, and the device that delivers."""

    someone: Someone
    client: FlaskClient
    device: dict[str, str]
    server: dict[str, str]
    key: bytes
    key_id: str

    @classmethod
    def sign_in(cls, someone: Someone, device_id: str | None = None, **registered: Any) -> SealingPhone:
        client = someone.app.test_client()
        asked = {"username": someone.username, "password": PASSWORD, "device_label": "Tecno", "device_id": device_id}
        said = client.post("/api/field/sign-in", json=asked, headers=PROTO)
        assert said.status_code == 200, said.text
        phone = cls(someone, client, said.json["device"], said.json["sealing"]["for"], os.urandom(32), new_id())
        if registered.get("register", True):
            answer = phone.register(**{name: value for name, value in registered.items() if name != "register"})
            assert answer.status_code == 200, answer.text
        return phone

    @property
    def wrapped(self) -> str:
        public = point_from(base64.b64decode(self.server["key"]))
        return b64(wrap(self.key, public, "escrow", self.someone.id, self.key_id))

    def register(self, **changes: Any) -> Any:
        sent = {"id": self.key_id, "wrapped": self.wrapped, "in_clear": []} | changes
        return self.client.post("/api/field/key", json=sent, headers=PROTO)

    def ask_back(self, key_id: str | None = None, **more: Any) -> Any:
        self.once = ec.generate_private_key(ec.SECP256R1())
        from app.keys.sealing import raw_point

        sent = {"id": key_id or self.key_id, "to": b64(raw_point(self.once.public_key()))} | more
        return self.client.post("/api/field/key/return", json=sent, headers=PROTO)

    def opened(self, wrapped: str) -> bytes:
        return unwrap(base64.b64decode(wrapped), self.once, "return", self.device["id"], self.someone.id, self.key_id)

    def item(self, envelope: dict[str, Any], **changes: Any) -> dict[str, Any]:
        content = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
        ids = envelope["submission_id"], envelope["revision_id"]
        text = b64(seal_envelope(self.key, self.key_id, content, *ids))
        return {
            "submission_id": ids[0], "revision_id": ids[1], "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "encryption": "sealed-1", "envelope": text,
        } | changes  # fmt: skip

    def file(self, content: bytes, name: str = "photo-1.jpg", type: str = "image/jpeg") -> tuple[dict[str, Any], bytes]:
        """An entry of the manifest, and the bytes as they are sent."""
        file_id = new_id()
        sent = seal_file(self.key, self.key_id, content, file_id)
        inside = {"file": file_id, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        described = {"name": name, "question": "leg/photo", "sha256": hashlib.sha256(sent).hexdigest(), "size": len(sent)}
        return described | {"type": type, "sealed": inside}, sent

    @property
    def delivering(self) -> dict[str, str]:
        return {"Authorization": f"Device {self.device['credential']}", "X-Sync-Proto": "1"}

    def push(self, *items: dict[str, Any], by: SealingPhone | None = None, **body: Any) -> Any:
        """Deliver, with this phone's credential or another's."""
        sent = {"proto": 1, "device_id": self.device["id"], "epoch_seen": None, "high_water_seen": 0, "items": list(items)} | body
        return self.someone.app.test_client().post("/api/sync/push", json=sent, headers=(by or self).delivering)

    def upload(self, submission_id: str, sha256: str, content: bytes, by: SealingPhone | None = None) -> Any:
        answer = None
        for at in range(0, len(content), 100_000):
            piece = content[at : at + 100_000]
            headers = (by or self).delivering | {"Upload-Offset": str(at), "X-Chunk-Sha256": hashlib.sha256(piece).hexdigest()}
            answer = self.someone.app.test_client().patch(f"/api/sync/att/{submission_id}/{sha256}", data=piece, headers=headers)
            assert answer.status_code == 204, answer.text
        return answer
