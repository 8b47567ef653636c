//! Scales are whole and score as their vectors say; an assessment takes two people and moves only along its transitions.

mod api;
mod constraints;
mod due;
mod entitled;
mod help;
mod life;
mod machine;
mod pages;
mod scales;
