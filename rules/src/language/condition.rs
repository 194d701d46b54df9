//! Conditions and event sets as syntax: what was written, not yet what it means.
//!
//! Every node knows its bytes in the condition. Depth is bounded, so that whatever walks the tree
//! may recurse.

use std::ops::Range;

use facts::Fen;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::faults::{Faults, Say};
use super::source::Origin;
use super::texts;
use super::token::{Placed, Token, tokens};
use crate::counting::Span;

/// Deepest nesting that is read.
const DEPTH_MAX: u32 = 60;

/// An expression.
#[derive(Clone, Debug)]
pub(crate) struct Ast {
    pub(crate) kind: AstKind,
    pub(crate) range: Range<usize>,
    depth: u32,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(crate) enum AstKind {
    Number(Decimal),
    Money(Fen),
    Span(Span),
    Date(Date),
    Flag(bool),
    Text(String),
    /// `a.b.c`
    Path(Vec<Word>),
    /// `f(a, b)`
    Call(Word, Vec<Ast>),
    /// `seen(S)`, `sum(S, f)`
    History(Word, SetAst, Option<Box<Ast>>),
    /// `first(S).at`
    Member(Box<Ast>, Vec<Word>),
    Unary(&'static str, Box<Ast>),
    Binary(&'static str, Box<Ast>, Box<Ast>),
    Choose(Box<Ast>, Box<Ast>, Box<Ast>),
    List(Vec<Ast>),
}

/// A name with its place.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) range: Range<usize>,
}

/// An event set.
#[derive(Clone, Debug)]
pub(crate) struct SetAst {
    pub(crate) terms: Vec<TermAst>,
    pub(crate) range: Range<usize>,
}

/// One term of an event set.
#[derive(Clone, Debug)]
pub(crate) struct TermAst {
    pub(crate) name: Word,
    pub(crate) quoted: bool,
    pub(crate) test: Option<Ast>,
}

/// Functions whose first argument is an event set.
pub(crate) const HISTORY_FUNCTIONS: &[&str] =
    &["seen", "count", "cases", "first", "last", "sum", "least", "most", "values", "distinct"];

/// Reads an expression; all its faults are told.
pub(crate) fn parse_expression(text: &str, origin: &Origin, faults: &mut Faults<'_>) -> Option<Ast> {
    let tokens = tokens(text, origin, faults).ok()?;
    let mut parser = Parser { tokens: &tokens, next: 0, end: text.len(), depth: 0 };
    let parsed = parser.whole(Parser::choose);
    parsed.map_err(|(range, say)| faults.add(origin.at(range), *say)).ok()
}

/// Reads an event set; all its faults are told.
pub(crate) fn parse_set(text: &str, origin: &Origin, faults: &mut Faults<'_>) -> Option<SetAst> {
    let tokens = tokens(text, origin, faults).ok()?;
    let mut parser = Parser { tokens: &tokens, next: 0, end: text.len(), depth: 0 };
    let parsed = parser.whole(Parser::set);
    parsed.map_err(|(range, say)| faults.add(origin.at(range), *say)).ok()
}

type Broken = (Range<usize>, Box<Say>);

struct Parser<'a> {
    tokens: &'a [Placed],
    next: usize,
    /// Length of the text, the place of what is missing at its end.
    end: usize,
    depth: u32,
}

impl Parser<'_> {
    fn whole<T>(&mut self, read: impl Fn(&mut Self) -> Result<T, Broken>) -> Result<T, Broken> {
        let out = read(self)?;
        match self.tokens.get(self.next) {
            None => Ok(out),
            Some(Placed { token: Token::Sign("|"), range }) => Err((range.clone(), Box::new(texts::operators()))),
            Some(_) => Err(self.unexpected("运算符或结尾", "an operator or the end")),
        }
    }

    fn unexpected(&self, zh: &str, en: &str) -> Broken {
        match self.tokens.get(self.next) {
            None => (
                self.end..self.end,
                Box::new(texts::syntax(format!("到此结束，还缺{zh}"), format!("it ends here, {en} is missing"))),
            ),
            Some(placed) => (
                placed.range.clone(),
                Box::new(texts::syntax(format!("此处应为{zh}"), format!("{en} is expected here"))),
            ),
        }
    }

    fn peek(&self) -> Option<&'static str> {
        match self.tokens.get(self.next) {
            Some(Placed { token: Token::Sign(sign), .. }) => Some(sign),
            _ => None,
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.peek() == Some(sign);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Broken> {
        if self.take(sign) { Ok(()) } else { Err(self.unexpected(&format!(" \"{sign}\""), &format!("\"{sign}\""))) }
    }

    fn begin(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |placed| placed.range.start)
    }

    fn finish(&self) -> usize {
        self.next.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |placed| placed.range.end)
    }

    /// A node over `parts`; refused when it would be too deep to walk.
    fn node(&self, kind: AstKind, start: usize, parts: &[u32]) -> Result<Ast, Broken> {
        let depth = parts.iter().max().map_or(0, |depth| depth + 1);
        let range = start..self.finish().max(start);
        if depth > DEPTH_MAX { Err((range, too_deep())) } else { Ok(Ast { kind, range, depth }) }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Broken>) -> Result<T, Broken> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err((self.begin()..self.begin(), too_deep()));
        }
        let out = read(self);
        self.depth -= 1;
        out
    }

    fn choose(&mut self) -> Result<Ast, Broken> {
        self.nested(|parser| {
            let start = parser.begin();
            let condition = parser.binary(0)?;
            if !parser.take("?") {
                return Ok(condition);
            }
            let then = parser.choose()?;
            parser.expect(":")?;
            let other = parser.choose()?;
            let depths = [condition.depth, then.depth, other.depth];
            parser.node(AstKind::Choose(Box::new(condition), Box::new(then), Box::new(other)), start, &depths)
        })
    }

    /// The operator at hand, if it binds at least as strongly as `least`, and how strongly.
    fn operator(&self, least: u8) -> Option<(&'static str, u8)> {
        let sign = match self.tokens.get(self.next)? {
            Placed { token: Token::Sign(sign), .. } => *sign,
            Placed { token: Token::Name(name), .. } if name == "in" => "in",
            _ => return None,
        };
        let power = match sign {
            "||" => 1,
            "&&" => 2,
            "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" => 4,
            "+" | "-" => 5,
            "*" | "/" => 6,
            "??" => 8,
            _ => return None,
        };
        (power >= least).then_some((sign, power))
    }

    fn binary(&mut self, least: u8) -> Result<Ast, Broken> {
        let start = self.begin();
        let mut left = self.unary(least)?;
        while let Some((sign, power)) = self.operator(least) {
            let sign_at = self.tokens[self.next].range.clone();
            self.next += 1;
            let right = self.nested(|parser| parser.binary(power + 1))?;
            let depths = [left.depth, right.depth];
            left = self.node(AstKind::Binary(sign, Box::new(left), Box::new(right)), start, &depths)?;
            if power == 4 && self.operator(4).is_some_and(|(_, power)| power == 4) {
                return Err((
                    sign_at,
                    Box::new(texts::syntax(
                        "比较不能连写；用 && 连接两个比较",
                        "comparisons do not chain; join two with &&",
                    )),
                ));
            }
        }
        Ok(left)
    }

    fn unary(&mut self, least: u8) -> Result<Ast, Broken> {
        let start = self.begin();
        if self.take("!") {
            // `!` takes in a comparison: `!a == b` is `!(a == b)`, as the grammar has it.
            let inner = self.nested(|parser| parser.binary(least.max(3)))?;
            let depths = [inner.depth];
            return self.node(AstKind::Unary("!", Box::new(inner)), start, &depths);
        }
        if self.take("-") {
            let inner = self.nested(|parser| parser.binary(8))?;
            let depths = [inner.depth];
            return self.node(AstKind::Unary("-", Box::new(inner)), start, &depths);
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Result<Ast, Broken> {
        let start = self.begin();
        let primary = self.primary()?;
        if !matches!(self.peek(), Some(".")) {
            return Ok(primary);
        }
        let mut words = Vec::new();
        while self.take(".") {
            words.push(self.word()?);
        }
        let depths = [primary.depth];
        self.node(AstKind::Member(Box::new(primary), words), start, &depths)
    }

    fn word(&mut self) -> Result<Word, Broken> {
        match self.tokens.get(self.next) {
            Some(Placed { token: Token::Name(text), range }) => {
                self.next += 1;
                Ok(Word { text: text.clone(), range: range.clone() })
            }
            _ => Err(self.unexpected("名称", "a name")),
        }
    }

    fn primary(&mut self) -> Result<Ast, Broken> {
        let start = self.begin();
        let Some(placed) = self.tokens.get(self.next) else { return Err(self.unexpected("值", "a value")) };
        let kind = match &placed.token {
            Token::Number(number) => AstKind::Number(*number),
            Token::Money(money) => AstKind::Money(*money),
            Token::Span(span) => AstKind::Span(*span),
            Token::Date(date) => AstKind::Date(*date),
            Token::Flag(flag) => AstKind::Flag(*flag),
            Token::Text(text) => AstKind::Text(text.clone()),
            Token::Name(_) => return self.name_or_call(start),
            Token::Sign("(") => {
                self.next += 1;
                let mut inner = self.choose()?;
                self.expect(")")?;
                inner.range = start..self.finish();
                return Ok(inner);
            }
            Token::Sign("[") => {
                self.next += 1;
                let members = self.members("]")?;
                let depths: Vec<u32> = members.iter().map(|member| member.depth).collect();
                return self.node(AstKind::List(members), start, &depths);
            }
            Token::Sign(_) => return Err(self.unexpected("值", "a value")),
        };
        self.next += 1;
        self.node(kind, start, &[])
    }

    fn members(&mut self, close: &str) -> Result<Vec<Ast>, Broken> {
        let mut members = Vec::new();
        while !self.take(close) {
            members.push(self.choose()?);
            if !self.take(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(members)
    }

    fn name_or_call(&mut self, start: usize) -> Result<Ast, Broken> {
        let name = self.word()?;
        if self.take("(") {
            if HISTORY_FUNCTIONS.contains(&name.text.as_str()) {
                return self.history(name, start);
            }
            let members = self.members(")")?;
            let depths: Vec<u32> = members.iter().map(|member| member.depth).collect();
            return self.node(AstKind::Call(name, members), start, &depths);
        }
        let mut words = vec![name];
        while self.take(".") {
            words.push(self.word()?);
        }
        self.node(AstKind::Path(words), start, &[])
    }

    fn history(&mut self, name: Word, start: usize) -> Result<Ast, Broken> {
        let set = self.set()?;
        let field = if self.take(",") { Some(Box::new(self.choose()?)) } else { None };
        self.expect(")")?;
        let tests = set.terms.iter().filter_map(|term| term.test.as_ref()).map(|test| test.depth);
        let depths: Vec<u32> = tests.chain(field.as_ref().map(|field| field.depth)).chain([0]).collect();
        self.node(AstKind::History(name, set, field), start, &depths)
    }

    fn set(&mut self) -> Result<SetAst, Broken> {
        let start = self.begin();
        let mut terms = vec![self.term()?];
        while self.take("|") {
            terms.push(self.term()?);
        }
        Ok(SetAst { terms, range: start..self.finish() })
    }

    fn term(&mut self) -> Result<TermAst, Broken> {
        let (name, quoted) = match self.tokens.get(self.next) {
            Some(Placed { token: Token::Text(text), range }) => {
                self.next += 1;
                (Word { text: text.clone(), range: range.clone() }, true)
            }
            Some(Placed { token: Token::Name(_), .. }) => (self.word()?, false),
            _ => return Err(self.unexpected("活动或事件集的名称", "the name of an activity or event set")),
        };
        let mut test = None;
        if self.take("[") {
            test = Some(self.choose()?);
            self.expect("]")?;
        }
        Ok(TermAst { name, quoted, test })
    }
}

fn too_deep() -> Box<Say> {
    Box::new(texts::too_big("嵌套过深，请拆成 [values] 中的名称", "nested too deeply; give parts names in [values]"))
}
