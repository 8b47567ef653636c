//! Imports: what a file may be, what each row comes to, that it is applied once, and that it can be taken back.

mod bombs;
mod help;
mod house;
mod kinds;
mod life;
mod office;
mod records;
mod residents;
