//! gocrash runs a test suite again and again, each time from a clean slate.

fn main() {}
