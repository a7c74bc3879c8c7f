//! Finds failing sequences of actions and minimises them.
