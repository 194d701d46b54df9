-- Accounts, and the keys by which sessions and programs are known. Times are milliseconds since 1970; 0 or an empty text
-- stands for none. Of passwords and keys only hashes are kept.

CREATE TABLE accounts (
    name         TEXT COLLATE "C" PRIMARY KEY,
    role         TEXT   NOT NULL,
    region       TEXT   NOT NULL,
    dept         TEXT   NOT NULL,
    password     TEXT   NOT NULL,
    failures     BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    disabled     BIGINT NOT NULL,
    created      BIGINT NOT NULL
);

CREATE TABLE account_keys (
    hash       TEXT COLLATE "C" PRIMARY KEY,
    account    TEXT COLLATE "C" NOT NULL REFERENCES accounts (name),
    kind       TEXT   NOT NULL,
    label      TEXT   NOT NULL,
    reads_only BIGINT NOT NULL,
    created    BIGINT NOT NULL,
    expires    BIGINT NOT NULL
);
CREATE INDEX keys_of_account ON account_keys (account);
