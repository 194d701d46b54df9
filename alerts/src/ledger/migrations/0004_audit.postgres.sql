-- Who did and who looked at what. Each row's hash covers the row and the hash before it, so that no row can be changed,
-- taken out or put in unseen. Times are milliseconds since 1970.

CREATE TABLE audit (
    number  BIGINT PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT   NOT NULL,
    action  TEXT   NOT NULL,
    object  TEXT   NOT NULL,
    outcome TEXT   NOT NULL,
    detail  TEXT   NOT NULL,
    hash    TEXT   NOT NULL
);

-- The last row. Whoever appends changes this one first, and so waits for others who do.
CREATE TABLE audit_head (
    id     BIGINT PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL,
    hash   TEXT   NOT NULL
);
INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '');
