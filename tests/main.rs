//! One binary, one folder per promise.

mod devices;
