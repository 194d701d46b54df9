-- Lights and transitions as a projection of the stream ALERTS.
-- Times are milliseconds since 1970 unless the name says otherwise; regions are twelve-digit numbers.

CREATE TABLE ledger_position (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    sequence       BIGINT NOT NULL,
    created_micros BIGINT NOT NULL
);
INSERT INTO ledger_position (id, sequence, created_micros) VALUES (1, 0, 0);

CREATE TABLE transitions (
    sequence    BIGINT PRIMARY KEY,
    case_number TEXT COLLATE "C" NOT NULL,
    lamp        TEXT   NOT NULL,
    level       TEXT   NOT NULL,
    region      BIGINT NOT NULL,
    body        TEXT   NOT NULL
);
CREATE INDEX transitions_of_case ON transitions (case_number, sequence);

CREATE TABLE lights (
    case_number TEXT COLLATE "C" NOT NULL,
    rule        TEXT COLLATE "C" NOT NULL,
    instance    TEXT COLLATE "C" NOT NULL,
    sequence    BIGINT NOT NULL REFERENCES transitions (sequence),
    severity    BIGINT NOT NULL,
    card        TEXT   NOT NULL,
    light       TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    level       TEXT   NOT NULL,
    region      BIGINT NOT NULL,
    dept        TEXT   NOT NULL,
    item        TEXT   NOT NULL,
    PRIMARY KEY (case_number, rule, instance)
);
CREATE UNIQUE INDEX lights_worst_first ON lights (severity, since, sequence);
CREATE INDEX lights_of_rule ON lights (rule, severity, since, sequence);
CREATE INDEX lights_of_region ON lights (region);
CREATE INDEX lights_of_department ON lights (dept, severity, since, sequence);
