"""The same work done plainly, as a competent first version would be written.

jieba, scikit-learn's TfidfVectorizer (words and character n-grams) with a calibrated LinearSVC, SQLAlchemy Core on the
same tables of the same SQLite settings, batches of 256, the same sealing, the same topics file, json. It takes the same
captures through the same steps: register, screen, join, suggest with evidence, decide with a deadline, outbox, topic. It
waits for the disk at fewer places than fenban does (it claims nothing before it works), and knows no revisions, no rules but
urgency, no repeats, no second worker and no faults.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import unicodedata
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar
import jieba
import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC
from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update

from store import schema
from store.engine import make_engine
from tests.bench.messages import CHINA, labelled
from tests.bench.plain_steps import PlainDirectory, PlainScreens, masked
from tests.bench.world import peak_megabytes, seconds

BATCH = 256
THRESHOLD = 0.9
STATES = {"seal": "sealed_review", "hold": "held"}
_LETTERS = re.compile(r"[\W_]+")
Rows = list[dict[str, Any]]


class PlainModel:
    """Tf-idf of jieba's words and of character 1- to 3-grams, a calibrated linear SVM."""

    def __init__(self, rows: Sequence[tuple[str, str, str]]) -> None:
        texts = [f"{subject}\n{body}" for subject, body, _ in rows]
        self._words = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, lowercase=False, min_df=2, sublinear_tf=True)
        grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, max_features=200_000, sublinear_tf=True)
        self._features = FeatureUnion([("words", self._words), ("grams", grams)])
        matrix = self._features.fit_transform(texts)
        self._classifier = CalibratedClassifierCV(LinearSVC(), cv=3).fit(matrix, [unit for *_, unit in rows])
        self._names = self._words.get_feature_names_out()
        self._weights = np.mean([one.estimator.coef_ for one in self._classifier.calibrated_classifiers_], axis=0)

    def suggest(self, texts: Sequence[str]) -> list[list[tuple[str, float, list[tuple[str, float]]]]]:
        """The five likeliest units of each text with probability and the words that spoke for them."""
        matrix = self._features.transform(texts).tocsr()
        probabilities = self._classifier.predict_proba(matrix)
        classes = self._classifier.classes_
        answers = []
        for row in range(matrix.shape[0]):
            start, end = matrix.indptr[row], matrix.indptr[row + 1]
            columns, values = matrix.indices[start:end], matrix.data[start:end]
            words = columns < len(self._names)
            best = np.argsort(-probabilities[row])[:5]
            answer = []
            for unit in best:
                spoke = values[words] * self._weights[unit, columns[words]]
                top = [place for place in np.argsort(-spoke)[:5] if spoke[place] > 0]
                reasons = [(str(self._names[columns[words][place]]), float(spoke[place])) for place in top]
                answer.append((str(classes[unit]), float(probabilities[row, unit]), reasons))
            answers.append(answer)
        return answers


class PlainPipeline:
    def __init__(self, folder: Path, model: PlainModel) -> None:
        self._engine = self._opened(folder)
        self._model = model
        self._directory = PlainDirectory(folder / "units.toml")
        self._screens = PlainScreens(self._directory.names)
        self._master, self._index = (
            base64.b64decode((folder / "keys" / name).read_text()) for name in ("master-1.key", "index-1.key")
        )

    def close(self) -> None:
        self._engine.dispose()
        self._topics.dispose()

    def _opened(self, folder: Path) -> Engine:
        """The store; opens the topics too."""
        self._topics = make_engine(f"sqlite:///{folder / 'data' / 'plain-topics.db'}")
        with self._topics.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE topics (offset INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT NOT NULL, "
                "event_id TEXT NOT NULL UNIQUE, headers TEXT NOT NULL, value TEXT NOT NULL, at BIGINT NOT NULL)"
            )
            connection.exec_driver_sql("CREATE INDEX by_topic ON topics (topic, offset)")
        return make_engine(f"sqlite:///{folder / 'data' / 'fenban.db'}")

    def register(self, lines: Sequence[bytes]) -> int:
        now = _us(datetime.now(UTC))
        with _writing(self._engine) as connection:
            known = self._known(connection, lines)
            documents = [document for document in map(json.loads, lines) if document["id"] not in known]
            first = _top(connection, schema.messages.c.id) + 1
            counter = _top(connection, schema.number_counters.c.value)
            day = f"{datetime.now(CHINA):%Y%m%d}"
            rows: dict[Any, Rows] = {}
            for place, document in enumerate(documents):
                number = f"{day}-plain-{counter + place + 1:06d}"
                self._register_one(rows, document, first + place, number, now)
            connection.execute(schema.number_counters.delete())
            connection.execute(
                insert(schema.number_counters), [{"channel": "plain", "day": day, "value": counter + len(documents)}]
            )
            poll = {"id": _top(connection, schema.polls.c.id) + 1, "channel": "plain", "at": now, "fence": 0}
            connection.execute(insert(schema.polls), [poll | {"listed": len(lines), "unchanged": 0, "captured": len(lines)}])
            for table, values in rows.items():
                connection.execute(insert(table), values)
        return len(documents)

    def work(self) -> int:
        with _writing(self._engine) as connection:
            m, v = schema.messages.c, schema.versions.c
            query = (
                select(m.id, m.number, m.marks, m.registered_at, v.subject, v.body, v.submitted_at)
                .join(schema.versions, v.message_id == m.id)
                .where(m.state == "new")
                .order_by(m.id)
                .limit(BATCH)
            )
            batch = connection.execute(query).mappings().all()
            if not batch:
                return 0
            suggested = self._model.suggest([f"{row['subject']}\n{row['body']}" for row in batch])
            earlier = self._same_persons(connection, batch)
            rows: dict[Any, Rows] = {}
            changes: Rows = []
            for row, suggestions in zip(batch, suggested, strict=True):
                changes.append(self._decide(rows, dict(row), suggestions, earlier))
            self._write(connection, rows, changes)
        return len(batch)

    def relay(self) -> int:
        o, p = schema.outbox.c, schema.outbox_payloads.c
        with self._engine.connect() as connection:
            query = (
                select(o.id, o.topic, o.key, o.event_id, p.headers, p.value)
                .join(schema.outbox_payloads, p.outbox_id == o.id)
                .where(o.state == "pending")
                .order_by(o.id)
                .limit(2 * BATCH)
            )
            records = connection.execute(query).mappings().all()
        if not records:
            return 0
        now = _us(datetime.now(UTC))
        self._publish(records, now)
        with _writing(self._engine) as connection:
            settle = update(schema.outbox).where(o.id == bindparam("row")).values(state="delivered", settled_at=now)
            connection.execute(settle, [{"row": row["id"]} for row in records])
        return len(records)

    def _publish(self, records: Sequence[Any], now: int) -> None:
        with _writing(self._topics) as connection:
            connection.exec_driver_sql(
                "INSERT INTO topics (topic, key, event_id, headers, value, at) VALUES (?, ?, ?, ?, ?, ?)",
                [(row["topic"], row["key"], row["event_id"], row["headers"], row["value"], now) for row in records],
            )

    def _claim_texts(self, connection: Connection, claims: Rows) -> None:
        connection.execute(insert(schema.text_claims).prefix_with("OR IGNORE"), claims)

    def _known(self, connection: Connection, lines: Sequence[bytes]) -> set[str]:
        ids = [json.loads(line)["id"] for line in lines]
        found = connection.execute(
            select(schema.items.c.external_id).where(schema.items.c.channel == "plain", schema.items.c.external_id.in_(ids))
        )
        return {row[0] for row in found}

    def _register_one(self, rows: dict[Any, Rows], document: dict[str, str], row_id: int, number: str, now: int) -> None:
        owner = hashlib.sha256(document["id"].encode()).hexdigest()[:32]
        raw = json.dumps(document, ensure_ascii=False).encode()
        key, sealed = self._seal(raw, document)
        marks = [hmac.new(self._index, f"{kind}|{document[kind]}".encode(), "sha256").digest() for kind in ("phone", "email")]
        digest = hmac.new(self._index, (document["subject"] + document["body"]).encode(), "sha256").hexdigest()
        _add(rows, schema.matters, id=number, state="open", opened_at=now)
        _add(
            rows,
            schema.messages,
            id=row_id,
            number=number,
            channel="plain",
            external_id=document["id"],
            version=1,
            state="new",
            matter=number,
            mail_kind="letter",
            in_place=1,
            registered_at=now,
            owner=owner,
            marks=" ".join(mark.hex() for mark in marks),
        )
        _add(
            rows,
            schema.versions,
            message_id=row_id,
            version=1,
            at=now,
            subject=masked(document["subject"], document["name"]),
            body=masked(document["body"], document["name"]),
            submitted_at=_us(datetime.fromisoformat(document["at"])),
        )
        for mark in marks:
            _add(rows, schema.marks, hash=mark, message_id=row_id)
        _add(
            rows,
            schema.items,
            id=row_id,
            channel="plain",
            external_id=document["id"],
            number=number,
            content_mark=digest,
            fetched_at=now,
        )
        _add(rows, schema.captures, id=row_id, poll=1, outcome="registered", number=number)
        _add(rows, schema.data_keys, id=row_id, owner=owner, wrapped_key=key, master_version=1)
        for name, cipher in sealed:
            _add(rows, schema.sealed_values, key_id=row_id, name=name, version=1, cipher=cipher)

    def _seal(self, raw: bytes, document: dict[str, str]) -> tuple[bytes, list[tuple[str, bytes]]]:
        key = os.urandom(32)
        cipher = AESGCM(key)
        sealed = []
        for name, value in (("capture", raw), ("original", json.dumps(document, ensure_ascii=False).encode())):
            nonce = os.urandom(12)
            sealed.append((name, nonce + cipher.encrypt(nonce, zlib.compress(value), name.encode())))
        nonce = os.urandom(12)
        return nonce + AESGCM(self._master).encrypt(nonce, key, b"key"), sealed

    def _same_persons(self, connection: Connection, batch: Sequence[Any]) -> dict[bytes, list[dict[str, Any]]]:
        hashes = list({bytes.fromhex(mark) for row in batch for mark in row["marks"].split()})
        m, v, k = schema.messages.c, schema.versions.c, schema.marks.c
        query = (
            select(k.hash, m.id, m.number, m.matter, v.subject, v.body, v.submitted_at)
            .join_from(schema.marks, schema.messages, m.id == k.message_id)
            .join(schema.versions, v.message_id == m.id)
            .where(k.hash.in_(hashes))
        )
        found: dict[bytes, list[dict[str, Any]]] = {}
        for row in connection.execute(query).mappings():
            found.setdefault(bytes(row["hash"]), []).append(dict(row))
        return found

    def _decide(
        self, rows: dict[Any, Rows], row: dict[str, Any], suggestions: list[Any], earlier: dict[bytes, list[dict[str, Any]]]
    ) -> dict[str, Any]:
        action = self._screens.screen(row["subject"], row["body"])
        if action:
            return {"row": row["id"], "to_state": STATES[action], "to_matter": row["number"]}
        for mark in row["marks"].split():
            claim = {"person": bytes.fromhex(mark), "text_hash": _text_hash(row), "slot": 0}
            _add(rows, schema.text_claims, **claim, number=row["number"], at=row["submitted_at"])
        original = _original(row, earlier)
        if original is not None:
            return {"row": row["id"], "to_state": "joined", "to_matter": original["matter"]}
        unit, probability, words = suggestions[0]
        evidence = [*self._directory.evidence(row["subject"], row["body"]), *(("word", *word) for word in words)]
        dispatch = probability >= THRESHOLD
        now = datetime.now(UTC)
        due = _due(now.astimezone(CHINA).date(), 5)
        _add(
            rows,
            schema.decisions,
            matter=row["number"],
            number=row["number"],
            version=1,
            outcome="dispatch" if dispatch else "review",
            rule="model",
            decided_at=_us(now),
            lead=unit if dispatch else None,
            deadline_class="simple",
            due=_us(due),
            working_days=5,
            provisional=0,
            calendar="chinesecalendar",
            urgency="urgent" if self._screens.urgent(row["subject"], row["body"]) else "normal",
            model="plain",
            threshold=THRESHOLD,
            suggestions=json.dumps(suggestions, ensure_ascii=False),
            evidence=json.dumps(evidence, ensure_ascii=False),
        )
        if not dispatch:
            return {"row": row["id"], "to_state": "in_review", "to_matter": row["number"]}
        self._dispatch(rows, row, unit, evidence, now, due)
        return {"row": row["id"], "to_state": "dispatched", "to_matter": row["number"]}

    def _dispatch(
        self, rows: dict[Any, Rows], row: dict[str, Any], unit: str, evidence: Any, now: datetime, due: datetime
    ) -> None:
        number, assignment = row["number"], f"{row['number']}.{unit}.1"
        common = {"matter": number, "unit": unit, "role": "lead"}
        _add(
            rows,
            schema.assignments,
            id=assignment,
            state="sent",
            sent_at=_us(now),
            due=_us(due),
            working_days=5,
            provisional=0,
            **common,
        )
        event = f"{assignment}:assigned:1"
        headers = {"specversion": "1.0", "id": event, "source": "/fenban/bench", "type": "assigned", "subject": number}
        headers |= {"time": now.isoformat(), "sequence": f"{1:020d}", "datacontenttype": "application/json"}
        payload = {
            "number": number,
            "assignment": assignment,
            "subject": row["subject"],
            "body": row["body"],
            "deadline": {"due": due.isoformat(), "working_days": 5},
            "role": "lead",
            "lead": unit,
            "evidence": evidence,
            "submitted_at": row["submitted_at"],
            "history": [],
        }
        _add(
            rows,
            schema.outbox,
            event_id=event,
            type="assigned",
            topic=f"fenban.unit.{unit}",
            key=number,
            sequence=1,
            shard=zlib.crc32(number.encode()) % 64,
            created_at=_us(now),
            state="pending",
        )
        _add(
            rows,
            schema.outbox_payloads,
            headers=json.dumps(headers),
            value=json.dumps(payload, ensure_ascii=False),
        )

    def _write(self, connection: Connection, rows: dict[Any, Rows], changes: Rows) -> None:
        for table, column in (
            (schema.decisions, "id"),
            (schema.assignments, "position"),
            (schema.outbox, "id"),
            (schema.outbox_payloads, "outbox_id"),
        ):
            values = rows.get(table, [])
            top = _top(connection, table.c[column])
            for place, value in enumerate(values, 1):
                value[column] = top + place
            if values:
                connection.execute(insert(table), values)
        if claims := rows.get(schema.text_claims):
            self._claim_texts(connection, claims)
        m = schema.messages.c
        settle = update(schema.messages).where(m.id == bindparam("row"))
        connection.execute(settle.values(state=bindparam("to_state"), matter=bindparam("to_matter")), changes)
        dispatched = [{"key": change["to_matter"]} for change in changes if change["to_state"] == "dispatched"]
        if dispatched:
            connection.execute(
                update(schema.matters).where(schema.matters.c.id == bindparam("key")).values(sequence=1), dispatched
            )


def run(
    folder: Path, captures: Sequence[bytes], training: int, make: "Callable[[Path, PlainModel], PlainPipeline] | None" = None
) -> dict[str, Any]:
    """Takes every capture to its topic; training is not counted."""
    jieba.setLogLevel("ERROR")
    pipeline = (make or PlainPipeline)(folder, PlainModel(list(labelled(training, seed=7))))
    spent = {"register": 0.0, "work": 0.0, "relay": 0.0}
    counts = dict.fromkeys(spent, 0)

    def timed(stage: str, step: Callable[[], int]) -> int:
        at = seconds()
        done = step()
        spent[stage] += seconds() - at
        counts[stage] += done
        return done

    began = seconds()
    for start in range(0, len(captures), BATCH):
        lines = captures[start : start + BATCH]
        timed("register", lambda lines=lines: pipeline.register(lines))  # type: ignore[misc]
        timed("work", pipeline.work)
        timed("relay", pipeline.relay)
    while timed("work", pipeline.work):
        pass
    while timed("relay", pipeline.relay):
        pass
    took = seconds() - began
    pipeline.close()
    return {
        "seconds": took,
        "handled": counts["work"],
        "delivered": counts["relay"],
        "stages": spent,
        "megabytes": peak_megabytes(),
    }


def _writing(engine: Engine) -> Any:
    return engine.execution_options(writing=True).begin()


def _add(rows: dict[Any, Rows], table: Any, **values: Any) -> None:
    rows.setdefault(table, []).append(values)


def _top(connection: Connection, column: Any) -> int:
    return int(connection.execute(select(func.max(column))).scalar() or 0)


def _us(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def _text_hash(row: dict[str, Any]) -> bytes:
    form = _LETTERS.sub("", unicodedata.normalize("NFKC", row["subject"] + row["body"]).lower())
    return hashlib.sha256(form.encode()).digest()[:16]


def _grams(text: str) -> set[str]:
    form = _LETTERS.sub("", unicodedata.normalize("NFKC", text).lower())
    return {form[at : at + 3] for at in range(len(form) - 2)}


def _original(row: dict[str, Any], earlier: dict[bytes, list[dict[str, Any]]]) -> dict[str, Any] | None:
    """The earlier message of the same person that this one is a copy of."""
    grams: set[str] = set()
    for mark in row["marks"].split():
        for other in earlier.get(bytes.fromhex(mark), ()):
            if other["id"] >= row["id"] or abs(other["submitted_at"] - row["submitted_at"]) > 24 * 3_600_000_000:
                continue
            grams = grams or _grams(row["subject"] + row["body"])
            theirs = _grams(other["subject"] + other["body"])
            if grams and len(grams & theirs) / len(grams | theirs) >= 0.8:
                return other
    return None


def _due(day: date, working_days: int) -> datetime:
    while working_days:
        day += timedelta(days=1)
        working_days -= chinese_calendar.is_workday(day)
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=CHINA)
