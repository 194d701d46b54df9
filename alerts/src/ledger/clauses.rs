//! Statements put together while the program runs, from fixed fragments only.
//!
//! Invariant: what comes from outside is bound, never written into the text; hence `AssertSqlSafe`.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use super::stored;

/// A value to bind.
pub(super) enum Value {
    Number(i64),
    Text(String),
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Number(stored(number))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

/// A statement put together from fixed fragments, each `?` of which becomes the next `$n`.
pub(super) struct Clauses {
    sql: String,
    narrowed: bool,
    values: Vec<Value>,
    places: usize,
}

impl Clauses {
    pub(super) fn new(select: &'static str) -> Clauses {
        Clauses { sql: select.to_owned(), narrowed: false, values: Vec::new(), places: 0 }
    }

    pub(super) fn push(&mut self, fragment: &'static str) {
        for (index, piece) in fragment.split('?').enumerate() {
            if index > 0 {
                self.places += 1;
                self.sql.push_str(&format!("${}", self.places));
            }
            self.sql.push_str(piece);
        }
    }

    pub(super) fn bind(&mut self, value: impl Into<Value>) {
        self.values.push(value.into());
    }

    pub(super) fn and<const N: usize>(&mut self, fragment: &'static str, values: [Value; N]) {
        self.push(if self.narrowed { " AND " } else { " WHERE " });
        self.narrowed = true;
        self.push(fragment);
        self.values.extend(values);
    }

    pub(super) fn any_of(&mut self, column: &'static str, tokens: impl Iterator<Item = &'static str>) {
        let tokens: Vec<_> = tokens.collect();
        if tokens.is_empty() {
            return;
        }
        self.push(if self.narrowed { " AND " } else { " WHERE " });
        self.narrowed = true;
        self.push(column);
        for (index, token) in tokens.into_iter().enumerate() {
            self.push(if index == 0 { " IN (?" } else { ", ?" });
            self.bind(token.to_owned());
        }
        self.push(")");
    }

    pub(super) fn query(self) -> Query<'static, Any, AnyArguments> {
        debug_assert_eq!(self.places, self.values.len(), "each place has its value");
        let query = sqlx::query(AssertSqlSafe(self.sql));
        self.values.into_iter().fold(query, |query, value| match value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
        })
    }
}
