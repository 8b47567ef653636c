//! As much of CDDL (RFC 8610) as `songhe.cddl` uses: arrays, groups, choices, ranges, occurrences, codes, two controls.

use std::collections::HashMap;

/// What a name stands for, or an entry of a group.
#[derive(Debug, Clone)]
pub enum Item {
    Type(Type),
    Group(Group),
}

#[derive(Debug, Clone)]
pub enum Type {
    Name(String),
    Range(i128, i128),
    /// `tstr`, with bounds of its bytes.
    Text(usize, usize),
    /// `tstr` of characters out of a class: `[CLASS]{FROM,TO}`.
    Pattern(String),
    Array(Group),
    Choice(Vec<Type>),
    /// `&`: one of the numbers of a group.
    Codes(Group),
    /// `&NAME`.
    CodesOf(String),
}

/// Alternatives, each a sequence.
#[derive(Debug, Clone)]
pub struct Group(pub Vec<Vec<Entry>>);

#[derive(Debug, Clone)]
pub struct Entry {
    pub min: usize,
    pub max: usize,
    pub key: Option<String>,
    pub item: Item,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Number(i128),
    Quoted(String),
    Sign(&'static str),
}

const SIGNS: [&str; 15] =
    ["//", "..", ".size", ".regexp", "=", "/", "[", "]", "(", ")", ",", ":", "?", "*", "&"];

pub fn parse(text: &str) -> HashMap<String, Item> {
    let mut parser = Parser { tokens: tokens(text), at: 0 };
    let mut rules = HashMap::new();
    while let Some(Token::Name(name)) = parser.next() {
        parser.expect("=");
        let item =
            if parser.take("(") { Item::Group(parser.group(")")) } else { Item::Type(parser.a_type()) };
        assert!(rules.insert(name.clone(), item).is_none(), "{name} has two rules");
    }
    assert_eq!(parser.at, parser.tokens.len() + 1, "something is not a rule");
    rules
}

fn tokens(text: &str) -> Vec<Token> {
    let text: String = text.lines().map(|line| line.split(';').next().unwrap().to_owned() + "\n").collect();
    let mut rest = text.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let word = |allowed: fn(char) -> bool| rest.find(|c| !allowed(c)).unwrap_or(rest.len());
        let (token, length) = if first.is_alphabetic() {
            let length = word(|c| c.is_alphanumeric() || c == '_' || c == '-');
            (Token::Name(rest[..length].to_owned()), length)
        } else if first.is_ascii_digit() || first == '-' {
            let length = word(|c| c.is_ascii_digit() || c == '-');
            (Token::Number(rest[..length].parse().unwrap()), length)
        } else if first == '"' {
            let length = rest[1..].find('"').unwrap() + 2;
            (Token::Quoted(rest[1..length - 1].to_owned()), length)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.unwrap_or_else(|| panic!("not understood: {}", &rest[..20.min(rest.len())]));
            (Token::Sign(sign), sign.len())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    tokens
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek(0).cloned();
        self.at += 1;
        token
    }

    fn is(&self, ahead: usize, sign: &'static str) -> bool {
        self.peek(ahead) == Some(&Token::Sign(sign))
    }

    fn take(&mut self, sign: &'static str) -> bool {
        let is_there = self.is(0, sign);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, sign: &'static str) {
        assert!(self.take(sign), "{sign} expected before {:?}", self.peek(0));
    }

    fn number(&mut self) -> i128 {
        match self.next() {
            Some(Token::Number(number)) => number,
            other => panic!("a number expected, not {other:?}"),
        }
    }

    fn a_type(&mut self) -> Type {
        let first = self.simple_type();
        let mut choice = vec![first];
        while self.take("/") {
            choice.push(self.simple_type());
        }
        if choice.len() == 1 { choice.remove(0) } else { Type::Choice(choice) }
    }

    fn simple_type(&mut self) -> Type {
        if self.take("[") {
            return Type::Array(self.group("]"));
        }
        if self.take("&") {
            return match self.next() {
                Some(Token::Sign("(")) => Type::Codes(self.group(")")),
                Some(Token::Name(name)) => Type::CodesOf(name),
                other => panic!("codes expected, not {other:?}"),
            };
        }
        match self.next() {
            Some(Token::Number(from)) => {
                let to = if self.take("..") { self.number() } else { from };
                Type::Range(from, to)
            }
            Some(Token::Name(name)) if name == "tstr" => self.text(),
            Some(Token::Name(name)) => Type::Name(name),
            other => panic!("a type expected, not {other:?}"),
        }
    }

    fn text(&mut self) -> Type {
        if self.take(".size") {
            self.expect("(");
            let from = self.number();
            self.expect("..");
            let to = self.number();
            self.expect(")");
            return Type::Text(from as usize, to as usize);
        }
        self.expect(".regexp");
        match self.next() {
            Some(Token::Quoted(pattern)) => Type::Pattern(pattern),
            other => panic!("a pattern expected, not {other:?}"),
        }
    }

    fn group(&mut self, end: &'static str) -> Group {
        let mut alternatives = vec![Vec::new()];
        while !self.take(end) {
            if self.take("//") {
                alternatives.push(Vec::new());
            } else if !self.take(",") {
                let entry = self.entry();
                alternatives.last_mut().unwrap().push(entry);
            }
        }
        Group(alternatives)
    }

    fn entry(&mut self) -> Entry {
        let (min, max) = self.occurrence();
        let mut key = None;
        if let Some(Token::Name(name)) = self.peek(0)
            && self.is(1, ":")
        {
            key = Some(name.clone());
            self.at += 2;
        }
        let item = if self.take("(") { Item::Group(self.group(")")) } else { Item::Type(self.a_type()) };
        Entry { min, max, key, item }
    }

    fn occurrence(&mut self) -> (usize, usize) {
        if self.take("?") {
            return (0, 1);
        }
        let has_min = matches!(self.peek(0), Some(Token::Number(_))) && self.is(1, "*");
        if !has_min && !self.is(0, "*") {
            return (1, 1);
        }
        let min = if has_min { self.number() as usize } else { 0 };
        self.expect("*");
        let max =
            if matches!(self.peek(0), Some(Token::Number(_))) { self.number() as usize } else { usize::MAX };
        (min, max)
    }
}
