use std::fmt;

use songhe_fire_protocol::{ContentFault, FrameFault};

/// What exactly is wrong with a frame, kept as a name and its numbers (`size kind=2 count=9 expected=414 found=46`) and put into words
/// where it is shown: `fire_fault.NAME` of the locale files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    pub name: &'static str,
    numbers: Vec<(&'static str, usize)>,
}

/// The names, with those of their numbers.
const NAMES: &[(&str, &[&str])] = &[
    ("short", &[]),
    ("empty", &["kind"]),
    ("size", &["kind", "count", "expected", "found"]),
    ("checksum", &["expected", "found"]),
    ("lengths", &[]),
    ("command", &["code"]),
];

impl Fault {
    pub fn command(code: u8) -> Fault {
        Fault { name: "command", numbers: vec![("code", usize::from(code))] }
    }

    /// The name and the numbers of a stored one; none of what was stored before there were names.
    pub fn parse(text: &str) -> Option<Fault> {
        let mut words = text.split(' ');
        let first = words.next()?;
        let (name, keys) = NAMES.iter().find(|(name, _)| *name == first)?;
        let numbers = keys
            .iter()
            .map(|key| {
                let (said, number) = words.next()?.split_once('=')?;
                Some((*key, number.parse().ok().filter(|_| said == *key)?))
            })
            .collect::<Option<Vec<_>>>()?;
        words.next().is_none().then_some(Fault { name, numbers })
    }

    /// For filling a text.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        self.numbers.iter().map(|(key, number)| (*key, number.to_string())).collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.numbers.iter().try_for_each(|(key, number)| write!(f, " {key}={number}"))
    }
}

impl From<ContentFault> for Fault {
    fn from(fault: ContentFault) -> Fault {
        match fault {
            ContentFault::Short => Fault { name: "short", numbers: Vec::new() },
            ContentFault::Empty { kind } => {
                Fault { name: "empty", numbers: vec![("kind", usize::from(kind))] }
            }
            ContentFault::Size { kind, count, expected, found } => Fault {
                name: "size",
                numbers: vec![
                    ("kind", usize::from(kind)),
                    ("count", usize::from(count)),
                    ("expected", expected),
                    ("found", found),
                ],
            },
        }
    }
}

impl From<FrameFault> for Fault {
    fn from(fault: FrameFault) -> Fault {
        match fault {
            FrameFault::Checksum { expected, found } => Fault {
                name: "checksum",
                numbers: vec![("expected", usize::from(expected)), ("found", usize::from(found))],
            },
            FrameFault::Short | FrameFault::Start | FrameFault::TooLong(_) | FrameFault::Length => {
                Fault { name: "lengths", numbers: Vec::new() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_as_it_is_written() {
        let faults: [Fault; 5] = [
            ContentFault::Short.into(),
            ContentFault::Empty { kind: 3 }.into(),
            ContentFault::Size { kind: 2, count: 9, expected: 414, found: 46 }.into(),
            FrameFault::Checksum { expected: 1, found: 2 }.into(),
            Fault::command(77),
        ];
        for fault in faults {
            assert_eq!(Fault::parse(&fault.to_string()), Some(fault));
        }
        assert_eq!(Fault::default().to_string(), "");
        for text in
            ["", "command 77", "command code=x", "size kind=1", "short 1", "no object of type 3 in it"]
        {
            assert_eq!(Fault::parse(text), None, "{text}");
        }
    }
}
