//! Imports: what a file may be, what each row comes to, that it is applied once, and that it can be taken back.

mod bombs;
mod devices;
mod emptied;
mod given_back;
mod help;
mod house;
mod killed;
mod kinds;
mod life;
mod line;
mod office;
mod records;
mod residents;
mod round;
