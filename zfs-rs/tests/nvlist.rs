//! Round trips through libnvpair. They need no ZFS module, and are also run
//! under valgrind, which sees what is not freed or freed twice.

use zfs::{ErrorKind, NvList, NvListRef, Pairs, Value};

/// One value of each type, at the ends of its range.
fn values() -> Vec<Value> {
    let text = |text: &str| text.to_owned();
    let inner: Pairs = [
        (text("empty"), Value::List(Pairs::new())),
        (text("number"), Value::Uint64(7)),
    ]
    .into();
    vec![
        Value::Boolean,
        Value::Bool(false),
        Value::Bool(true),
        Value::Byte(u8::MAX),
        Value::Int8(i8::MIN),
        Value::Uint8(u8::MAX),
        Value::Int16(i16::MIN),
        Value::Uint16(u16::MAX),
        Value::Int32(i32::MIN),
        Value::Uint32(u32::MAX),
        Value::Int64(i64::MIN),
        Value::Uint64(u64::MAX),
        Value::Double(-0.5),
        Value::HrTime(i64::MAX),
        Value::String(String::new()),
        Value::String(text("größer als ASCII")),
        Value::List(inner.clone()),
        Value::BoolArray(vec![true, false, true]),
        Value::ByteArray(vec![0, 1, u8::MAX]),
        Value::Int8Array(vec![i8::MIN, i8::MAX]),
        Value::Uint8Array(vec![0, u8::MAX]),
        Value::Int16Array(vec![i16::MIN, i16::MAX]),
        Value::Uint16Array(vec![0, u16::MAX, 1]),
        Value::Int32Array(vec![i32::MIN, i32::MAX]),
        Value::Uint32Array(vec![0, u32::MAX, 1]),
        Value::Int64Array(vec![i64::MIN, i64::MAX]),
        Value::Uint64Array(vec![0, u64::MAX]),
        Value::StringArray(vec![text(""), text("two"), text("")]),
        Value::ListArray(vec![inner.clone(), Pairs::new(), inner]),
    ]
}

/// All of them in one list, each under its own name.
fn pairs() -> Pairs {
    let numbered = values().into_iter().enumerate();
    numbered.map(|(number, v)| (format!("value {number}"), v)).collect()
}

#[test]
fn each_value_comes_back_as_it_went_in() {
    for value in values() {
        let mut list = NvList::new();
        list.insert("name", &value).unwrap();
        assert_eq!(list.as_ref().get("name"), Some(value));
    }
}

#[test]
fn whole_lists_come_back_as_they_went_in() {
    let pairs = pairs();
    let list = NvList::from_pairs(&pairs).unwrap();
    assert_eq!(list.as_ref().to_pairs(), pairs);

    let mut outer = NvList::new();
    outer.insert("inner", &Value::List(pairs.clone())).unwrap();
    let copy = outer.clone();
    drop(outer);
    let inner = copy.as_ref().list("inner").map(NvListRef::to_pairs);
    assert_eq!(inner, Some(pairs));
}

#[test]
fn empty_arrays_are_refused_or_come_back_empty() {
    let empty = [
        Value::Uint64Array(Vec::new()),
        Value::BoolArray(Vec::new()),
        Value::StringArray(Vec::new()),
        Value::ListArray(Vec::new()),
    ];
    for value in empty {
        let mut list = NvList::new();
        match list.insert("name", &value) {
            Ok(()) => assert_eq!(list.as_ref().get("name"), Some(value)),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                assert!(list.as_ref().is_empty());
            }
        }
    }
}

#[test]
fn a_name_has_one_value_the_latest() {
    let mut list = NvList::new();
    for value in values() {
        list.insert("name", &value).unwrap();
    }
    let latest = values().pop().unwrap();
    let all = list.as_ref().to_pairs();
    assert_eq!(all, [("name".to_owned(), latest)].into());
    assert!(list.remove("name") && !list.remove("name"));
    assert!(list.as_ref().is_empty());
}

#[test]
fn borrowed_lists_and_pairs_see_what_the_owner_has() {
    let list = NvList::from_pairs(&pairs()).unwrap();
    let number = values()
        .iter()
        .position(|value| matches!(value, Value::List(_)))
        .unwrap();
    let pair = list.as_ref().pair(&format!("value {number}")).unwrap();
    assert_eq!(pair.name(), format!("value {number}"));
    let inner = pair.list().unwrap();
    assert_eq!(inner.get("number"), Some(Value::Uint64(7)));
    assert!(inner.list("empty").unwrap().is_empty());
    assert!(inner.list("number").is_none());
    assert_eq!(list.as_ref().get("missing"), None);
    // In the order they were put in, which is that of the map.
    let names = list.as_ref().iter().map(|p| p.name().into_owned());
    assert!(names.eq(pairs().into_keys()));

    let owned = inner.to_owned();
    drop(list);
    assert_eq!(owned.as_ref().get("number"), Some(Value::Uint64(7)));
}

#[test]
fn zero_bytes_are_refused_and_leave_the_list_as_it_was() {
    let mut list = NvList::new();
    let refused = [
        ("a\0b", Value::Boolean),
        ("name", Value::String("a\0b".to_owned())),
        ("name", Value::StringArray(vec![String::new(), "\0".to_owned()])),
        ("name", Value::List([("\0".to_owned(), Value::Boolean)].into())),
        ("name", Value::Unknown),
    ];
    for (name, value) in refused {
        let error = list.insert(name, &value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    assert!(list.as_ref().is_empty());
    assert_eq!(list.as_ref().get("a\0b"), None);
    assert!(!list.remove("\0"));
}

#[test]
fn a_list_moves_to_another_thread() {
    let list = NvList::from_pairs(&pairs()).unwrap();
    let there = std::thread::spawn(move || list.as_ref().to_pairs());
    assert_eq!(there.join().unwrap(), pairs());
}
