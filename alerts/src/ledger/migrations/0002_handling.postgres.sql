-- Alerts, which are cards that were issued: a projection of ALERTS like the lights. And what staff did with them: the
-- ledger's own truth, which names alerts by the id of their transition and so outlives a projection built anew.
-- Times are milliseconds since 1970, days are YYYY-MM-DD, an empty text or 0 stands for none.

ALTER TABLE transitions ADD COLUMN dept TEXT NOT NULL DEFAULT '';
UPDATE transitions SET dept = (body::json) ->> 'dept';

ALTER TABLE ledger_position ADD COLUMN alerts_sequence BIGINT NOT NULL DEFAULT 0;

CREATE TABLE alerts (
    id          TEXT COLLATE "C" PRIMARY KEY,
    sequence    BIGINT NOT NULL REFERENCES transitions (sequence),
    case_number TEXT COLLATE "C" NOT NULL,
    rule        TEXT COLLATE "C" NOT NULL,
    instance    TEXT COLLATE "C" NOT NULL,
    severity    BIGINT NOT NULL,
    card        TEXT   NOT NULL,
    card_now    TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    level       TEXT   NOT NULL,
    region      BIGINT NOT NULL,
    dept        TEXT   NOT NULL
);
CREATE UNIQUE INDEX alerts_worst_first ON alerts (severity, since, sequence);
CREATE INDEX alerts_of_light ON alerts (case_number, rule, instance);
CREATE INDEX alerts_of_department ON alerts (dept, severity, since, sequence);

CREATE TABLE handling_journal (
    alert  TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    step   TEXT   NOT NULL,
    actor  TEXT   NOT NULL,
    role   TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    reason TEXT   NOT NULL,
    office TEXT   NOT NULL,
    due    TEXT   NOT NULL,
    PRIMARY KEY (alert, number)
);

-- The fold of each journal, for lists.
CREATE TABLE handlings (
    alert         TEXT COLLATE "C" PRIMARY KEY,
    state         TEXT   NOT NULL,
    steps         BIGINT NOT NULL,
    holder        TEXT   NOT NULL,
    office        TEXT   NOT NULL,
    office_region BIGINT NOT NULL,
    office_dept   TEXT   NOT NULL,
    due           TEXT   NOT NULL,
    replied_by    TEXT   NOT NULL,
    appeal        TEXT   NOT NULL,
    slips         BIGINT NOT NULL,
    slip_due      TEXT   NOT NULL,
    extensions    BIGINT NOT NULL,
    sent_up       BIGINT NOT NULL,
    reopened      BIGINT NOT NULL
);
CREATE INDEX handlings_in_state ON handlings (state, due);
CREATE INDEX handlings_of_holder ON handlings (holder, state);
