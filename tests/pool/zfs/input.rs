//! What each request makes of its input: a valid one, one with an unknown
//! key, one with a key that lacks its value, one with a value of the wrong
//! type. The requests that take no list have no such input.

use std::fs::File;
use std::os::fd::AsFd;

use zfs::{
    ErrorKind, NvList, ProgramLimits, Properties, ReceiveOptions, Result,
    SendFlags, Value,
};

use super::{kind, open};
use crate::pool::{Pool, exists};

/// Property, value, and whether that is acceptable.
const CASES: [(&str, &str, bool); 10] = [
    ("canmount", "noauto", true),
    ("gocrash:key", "any text", true),
    ("no-such-property", "on", false),
    ("canmount", "", false),
    ("quota", "", false),
    ("canmount", "7", false),
    ("quota", "much", false),
    ("mountpoint", "not/absolute", false),
    ("used", "1", false),
    ("volsize", "1M", false),
];

/// Runs each case, and looks whether anything came of it.
fn check(
    pool: &Pool,
    request: &str,
    run: impl Fn(&zfs::DatasetName, &Properties) -> Result<()>,
) {
    for (number, (property, value, is_valid)) in CASES.iter().enumerate() {
        let name = pool.dataset(&format!("{request}-{number}"));
        let properties = Properties::new().with(*property, *value);
        let result = run(&name, &properties);
        let case = format!("{request} {property}={value}: {result:?}");
        assert_eq!(result.is_ok(), *is_valid, "{case}");
        assert_eq!(exists(&name), *is_valid, "{case}");
        if let Err(error) = result {
            let kind = error.kind();
            let expected =
                [ErrorKind::InvalidProperty, ErrorKind::InvalidArgument];
            assert!(expected.contains(&kind), "{case}");
        }
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn create_and_clone_take_the_properties_that_exist() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("src");
    let origin = pool.make_snapshot("src@a");
    check(&pool, "create", |name, properties| zfs.create(name, properties));
    check(&pool, "clone", |name, properties| {
        zfs.clone_from(name, &origin, properties)
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn set_property_takes_the_properties_that_exist() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("a");
    for (property, value, is_valid) in CASES {
        let result = zfs.set_property(&name, property, value);
        // libzfs takes a quota without a value for none.
        if (property, value) == ("quota", "") {
            continue;
        }
        assert_eq!(result.is_ok(), is_valid, "{property}={value}");
        if !is_valid {
            let case = format!("{property}={value}");
            assert_eq!(kind(result), ErrorKind::InvalidProperty, "{case}");
        }
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn receive_takes_the_properties_that_exist() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("src");
    let origin = pool.make_snapshot("src@a");
    let path = pool.folder().join("stream");
    let file = File::create(&path).unwrap();
    zfs.send(&origin, None, file.as_fd(), SendFlags::default()).unwrap();
    for property in [("canmount", "noauto"), ("no-such-property", "on")] {
        let options = ReceiveOptions {
            properties: Properties::new().with(property.0, property.1),
            ..Default::default()
        };
        let name = pool.snapshot(&format!("{}@a", property.0));
        let file = File::open(&path).unwrap();
        let result = zfs.receive(&name, file.as_fd(), &options);
        assert_eq!(result.is_ok(), property.0 == "canmount", "{result:?}");
        assert_eq!(exists(&name), property.0 == "canmount");
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_program_gets_every_type_of_argument_that_lua_has() {
    let pool = Pool::new();
    let zfs = open();
    let run = |value: &Value| {
        let mut args = NvList::new();
        args.insert("key", value).unwrap();
        let pool = pool.root().as_str();
        let program = r#"return (...)["key"]"#;
        zfs.channel_program(pool, program, &args, ProgramLimits::default())
    };
    let pairs = [("x".to_owned(), Value::Int64(1))].into();
    let valid = [
        Value::Int64(-1),
        Value::String("text".to_owned()),
        Value::Bool(true),
        Value::List(pairs),
    ];
    for value in valid {
        assert_eq!(run(&value).unwrap(), value);
    }
    // A type that has no counterpart in Lua.
    let byte = run(&Value::Uint8(1));
    assert_eq!(kind(byte), ErrorKind::ProgramInvalid);
}
