-- The handler's own database: what the unit holds, what it has taken, what it still has to do and to say.
CREATE TABLE IF NOT EXISTS taken (
    source TEXT NOT NULL,
    id     TEXT NOT NULL,
    PRIMARY KEY (source, id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS last_sequence (
    topic    TEXT NOT NULL,
    matter   TEXT NOT NULL,
    sequence TEXT NOT NULL,
    PRIMARY KEY (topic, matter)
) WITHOUT ROWID;

-- state: received, signed, returned, completed, recalled; of what the pool offers, under its matter: offered, claimed, closed.
-- data is the event's, as JSON; NULL once it was recalled or closed.
CREATE TABLE IF NOT EXISTS assignment (
    assignment TEXT PRIMARY KEY,
    matter     TEXT NOT NULL,
    state      TEXT NOT NULL,
    due        TEXT,
    data       TEXT,
    changed_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS reminder (
    assignment TEXT PRIMARY KEY,
    level      INTEGER NOT NULL,
    data       TEXT NOT NULL
) WITHOUT ROWID;

-- What the department's own system has not been told yet. kind: content, offer, reminder, recall.
CREATE TABLE IF NOT EXISTS to_do (
    place      INTEGER PRIMARY KEY AUTOINCREMENT,
    assignment TEXT NOT NULL,
    kind       TEXT NOT NULL,
    event_id   TEXT NOT NULL,
    UNIQUE (assignment, kind)
);

-- What the unit says. The id is made once and kept, so that sending again has no second effect.
CREATE TABLE IF NOT EXISTS outbox (
    place      INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    type       TEXT NOT NULL,
    assignment TEXT NOT NULL,
    matter     TEXT NOT NULL,
    data       TEXT NOT NULL,
    made_at    TEXT NOT NULL,
    sent_at    TEXT
);
CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox (place) WHERE sent_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_assignment ON outbox (assignment);
