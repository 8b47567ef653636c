//! Devices that exist only as a program.
