//! Channel programs.

use zfs::{Error, ErrorKind, NvList, Pairs, ProgramLimits, Value};

use super::{error, kind, open};
use crate::pool::{Pool, exists};

fn run(pool: &Pool, program: &str, args: &Pairs) -> Result<Value, Error> {
    let args = NvList::from_pairs(args).unwrap();
    let limits = ProgramLimits::default();
    let pool = pool.root().as_str();
    open().channel_program(pool, program, &args, limits)
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn gives_what_the_program_returns() {
    let pool = Pool::new();
    let none = Pairs::new();
    let run = |program| run(&pool, program, &none).unwrap();
    assert_eq!(run("return 7"), Value::Int64(7));
    assert_eq!(run("return 'text'"), Value::String("text".to_owned()));
    assert_eq!(run("return true"), Value::Bool(true));
    assert_eq!(run("return"), Value::Boolean);
    let Value::List(pairs) = run("return {a = {1, 2}}") else {
        panic!("no list")
    };
    let inner = [("1", 1), ("2", 2)];
    let inner = inner.map(|(k, v)| (k.to_owned(), Value::Int64(v)));
    assert_eq!(pairs["a"], Value::List(inner.into()));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn destroys_what_its_arguments_name() {
    let pool = Pool::new();
    pool.make("src");
    let snapshot = pool.make_snapshot("src@a");
    let name = Value::String(snapshot.to_string());
    let args = [("name".to_owned(), name)].into();
    let program = "args = ...; return zfs.sync.destroy(args.name)";
    let limits = ProgramLimits { may_change: false, ..Default::default() };
    let list = NvList::from_pairs(&args).unwrap();
    let root = pool.root().as_str();
    let refused = open().channel_program(root, program, &list, limits);
    assert!(refused.is_err() && exists(&snapshot));

    assert_eq!(run(&pool, program, &args).unwrap(), Value::Int64(0));
    assert!(!exists(&snapshot));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_program_that_fails_says_why() {
    let pool = Pool::new();
    let none = Pairs::new();
    let invalid = error(run(&pool, "return (", &none));
    assert_eq!(invalid.kind(), ErrorKind::ProgramInvalid);
    assert!(invalid.detail().is_some(), "{invalid}");

    let failed = error(run(&pool, "error('on purpose')", &none));
    assert_eq!(failed.kind(), ErrorKind::ProgramFailed);
    assert!(failed.to_string().contains("on purpose"), "{failed}");

    let endless = error(run(&pool, "while true do end", &none));
    assert_eq!(endless.kind(), ErrorKind::ProgramLimit);
    let hungry = "t = {} while true do t[#t + 1] = {} end";
    assert_eq!(kind(run(&pool, hungry, &none)), ErrorKind::ProgramLimit);

    let nowhere = open().channel_program(
        "no-such-pool",
        "return 1",
        &NvList::new(),
        ProgramLimits::default(),
    );
    assert_eq!(kind(nowhere), ErrorKind::NotFound);
}
