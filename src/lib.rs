//! Songhe: elderly-care facilities and home-service dispatch for a city, in one program.
//!
//! The tour, outside in: [`cli`] starts the program; [`web`] holds the gate in front of every route and what pages share;
//! each domain folder ([`registry`] ...) holds one subject with its model, its store, its use cases and its pages;
//! [`access`] decides who may do what where; [`app`] is the frame of a business transaction; [`bus`] tells pages what was
//! committed; [`db`] is SQLite or PostgreSQL; [`clock`] is the only reader of time; [`backup`] copies it all and puts it back. Arrows point one way:
//! `web, api, cli -> domains -> access, bus, db, clock`.

pub mod access;
pub mod alerts;
pub mod api;
pub mod app;
pub mod assessments;
pub mod backup;
pub mod beds;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod demo;
pub mod devices;
pub mod dispatch;
pub mod elders;
pub mod error;
pub mod imports;
pub mod input;
pub mod insight;
pub mod listing;
pub mod memo;
pub mod metrics;
pub mod networks;
pub mod plans;
pub mod registry;
pub mod start;
pub mod text;
pub mod timeline;
pub mod visits;
pub mod web;
