//! Rules and judgement: lights(T) = judge(facts known at T, configuration, T), and nothing else.
//!
//! Reading order: time ([`working_calendar`], [`counting`], [`pause`]), what a site edits
//! ([`language`], [`catalogue`], [`source_map`], [`silence`], [`configuration`]), the compiled form ([`rule`],
//! [`expression`], [`value`]), and judgement ([`judge`], [`finding`], [`wording`]).
//!
//! Pure: no clock, no file, no network. Files come in as text, time comes in as data.

pub mod catalogue;
pub mod change;
pub mod configuration;
pub mod counting;
pub mod expression;
pub mod fault;
pub mod finding;
pub mod judge;
pub mod language;
pub mod mutants;
pub mod needs;
pub mod pause;
pub mod reads;
pub mod rule;
pub mod scenario;
pub mod silence;
pub mod site;
pub mod source_map;
pub mod tables;
pub mod value;
pub mod wording;
pub mod working_calendar;
